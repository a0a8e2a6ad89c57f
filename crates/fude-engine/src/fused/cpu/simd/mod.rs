//! Vectors of f32 at the width that this processor has, chosen at run time.
//!
//! Kernels are written once, generic over [`Lanes`], and compiled for each instruction set. All arithmetic is
//! elementwise, with fused multiply-adds in one fixed order, so AVX-512, AVX2 and NEON give the same bits; only a
//! processor without fused multiply-add rounds differently.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

/// Columns are padded to a multiple of this, the widest vector's lanes, at every width: states look the same.
pub(crate) const PAD: usize = 16;

/// A vector of f32. Its methods may only run inside [`Level::run`], which has checked that the processor knows them.
///
/// Methods are inlined into a function that enables the instruction set; outside of one they would be slow calls.
pub(crate) trait Lanes: Copy {
    /// Lanes of a vector; divides [`PAD`].
    const N: usize;
    /// Rows of a register tile two vectors wide: one of 8, 6 or 4.
    const ROWS: usize;
    /// Whether [`Lanes::mul_add`] rounds once.
    const FUSED: bool;

    /// Every lane `x`.
    fn splat(x: f32) -> Self;
    /// `N` values from `from`.
    ///
    /// # Safety
    /// `from` is valid for reads of `N` values.
    unsafe fn load(from: *const f32) -> Self;
    /// `N` values to `to`.
    ///
    /// # Safety
    /// `to` is valid for writes of `N` values.
    unsafe fn store(self, to: *mut f32);
    /// `N` bytes as numbers from 0 to 255.
    ///
    /// # Safety
    /// `from` is valid for reads of `N` bytes.
    unsafe fn load_bytes(from: *const u8) -> Self;

    /// Bytes `offset` and `offset + 1` from `base`, lane by lane, as numbers from 0 to 255.
    ///
    /// # Safety
    /// Offsets are whole numbers from 0 below 2^24, and `base` is valid for reads of 4 bytes at each.
    unsafe fn gather_pairs(base: *const u8, offset: Self) -> (Self, Self);

    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`, correctly rounded.
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the processor can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The largest whole number that is not larger.
    fn floor(self) -> Self;
    /// The larger; `other` where it is NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller; `other` where it is NaN.
    fn min(self, other: Self) -> Self;
    /// `self` where `test > 0`, else 0.
    fn where_positive(self, test: Self) -> Self;
    /// `2^n` of `self = n + 1.5 * 2^23`, for whole n from -126 to 127: its low mantissa bits are n already.
    fn power_of_two(self) -> Self;
}

/// `1.5 * 2^23`: adding it to a small number rounds that to a whole one in the low mantissa bits.
pub(crate) const ROUNDER: f32 = 12_582_912.0;

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// 16 lanes, 32 registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 lanes with fused multiply-add, 16 registers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 4 lanes with fused multiply-add, 32 registers.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// Whatever the compiler makes of plain arrays.
    Portable,
}

/// Work that is generic over the vector.
pub(crate) trait Task {
    /// Does it. Must be `#[inline(always)]`, with everything hot in it.
    fn run<V: Lanes>(self);
}

impl Level {
    /// What this processor can do, widest first.
    pub(crate) fn available() -> Vec<Self> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                levels.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                levels.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        levels.push(Self::Neon);
        levels.push(Self::Portable);
        levels
    }

    /// The widest that this processor can do.
    pub(crate) fn best() -> Self {
        Self::available()[0]
    }

    /// The name in summaries.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2+FMA",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "NEON",
            Self::Portable => "portable",
        }
    }

    /// Does a task with this level's vectors. The level must be one of [`Level::available`].
    pub(crate) fn run<T: Task>(self, task: T) {
        match self {
            // SAFETY: levels other than `Portable` come from `available`, which has asked the processor.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::run(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::run(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Self::Neon => unsafe { neon::run(task) },
            Self::Portable => task.run::<portable::Portable>(),
        }
    }
}
