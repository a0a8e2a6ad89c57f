//! Sums of products of whole numbers, at the width that this processor has, chosen at run time.
//!
//! Every level gives the same sums: whole numbers do not round, and none overflows an i32 (`MAX_INPUTS`).

use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// A vector of i32 sums. Its methods may only run inside [`DotLevel::run`], which has checked that the processor knows
/// them.
///
/// Inputs come four bytes at a time, as `GROUP` values of as many bytes each as fill them.
pub(super) trait Dots: Copy {
    /// Consecutive inputs that are multiplied at once: 4 bytes, or 2 words of 16 bits.
    const GROUP: usize;
    /// Outputs of a vector.
    const N: usize;
    /// Rows of a register tile two vectors wide.
    const ROWS: usize;
    /// The weights of `N` outputs for a group, ready to be multiplied.
    type Weights: Copy;

    /// Sums of nothing.
    fn zero() -> Self;
    /// Reads `[N, GROUP]` weights.
    ///
    /// # Safety
    /// `from` is valid for reads of `N * GROUP` bytes.
    unsafe fn weights(from: *const i8) -> Self::Weights;
    /// Adds the products of a group's inputs with each output's weights.
    fn add(self, inputs: u32, weights: Self::Weights) -> Self;
    /// `(sum - offset) * scale + bias` to `output`, rounded after each operation.
    ///
    /// # Safety
    /// Each pointer is valid for `N` values.
    unsafe fn finish(self, offset: *const i32, scale: *const f32, bias: *const f32, output: *mut f32);
}

/// Work that is generic over the vector.
pub(super) trait DotTask {
    /// Does it. Must be `#[inline(always)]`, with everything hot in it.
    fn run<D: Dots>(self);
}

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DotLevel {
    /// Four products of bytes a lane, 16 lanes: AVX-512 VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// Two products of 16-bit words a lane, 8 lanes. AVX2's products of bytes saturate at 16 bits, so they would be wrong.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the compiler makes of plain arrays.
    Portable,
}

impl DotLevel {
    /// What this processor can do, fastest first.
    pub(super) fn available() -> Vec<Self> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let has_512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if has_512 && is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512vnni") {
                levels.push(Self::Vnni);
            }
            if is_x86_feature_detected!("avx2") {
                levels.push(Self::Avx2);
            }
        }
        levels.push(Self::Portable);
        levels
    }

    /// The fastest that this processor can do.
    pub(super) fn best() -> Self {
        Self::available()[0]
    }

    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => "AVX-512 VNNI",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            Self::Portable => "portable",
        }
    }

    /// Does a task with this level's vectors. The level must be one of [`DotLevel::available`].
    pub(super) fn run<T: DotTask>(self, task: T) {
        match self {
            // SAFETY: levels other than `Portable` come from `available`, which has asked the processor.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { avx512::run(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::run(task) },
            Self::Portable => task.run::<Portable>(),
        }
    }
}
