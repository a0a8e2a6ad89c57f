//! Vectors of 4: NEON, which every 64-bit ARM processor has.

use super::{Lanes, Task};
use std::arch::aarch64::*;

/// 4 lanes.
#[derive(Clone, Copy)]
pub(super) struct Neon(float32x4_t);

/// Does a task with this vector.
///
/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn run<T: Task>(task: T) {
    task.run::<Neon>();
}

// SAFETY, of every block below: the trait's contract is that methods run inside `run`, so the instructions exist;
// pointers are the caller's promise.
impl Lanes for Neon {
    const N: usize = 4;
    const ROWS: usize = 8;
    const FUSED: bool = true;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        unsafe { Self(vdupq_n_f32(x)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Self(vld1q_f32(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        let bytes = unsafe { from.cast::<[u8; 4]>().read() };
        let numbers = bytes.map(f32::from);
        unsafe { Self::load(numbers.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn gather_pairs(base: *const u8, offset: Self) -> (Self, Self) {
        let mut offsets = [0.0; 4];
        unsafe { offset.store(offsets.as_mut_ptr()) };
        let pair = offsets.map(|offset| unsafe { base.add(offset as usize).cast::<[u8; 2]>().read() });
        let (first, second) = (pair.map(|pair| f32::from(pair[0])), pair.map(|pair| f32::from(pair[1])));
        unsafe { (Self::load(first.as_ptr()), Self::load(second.as_ptr())) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        unsafe { Self(vaddq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        unsafe { Self(vsubq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        unsafe { Self(vmulq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        unsafe { Self(vdivq_f32(self.0, other.0)) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { Self(vfmaq_f32(term.0, self.0, factor.0)) }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        unsafe { Self(vsqrtq_f32(self.0)) }
    }

    #[inline(always)]
    fn floor(self) -> Self {
        unsafe { Self(vrndmq_f32(self.0)) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        unsafe { Self(vbslq_f32(vcgtq_f32(self.0, other.0), self.0, other.0)) }
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        unsafe { Self(vbslq_f32(vcltq_f32(self.0, other.0), self.0, other.0)) }
    }

    #[inline(always)]
    fn where_positive(self, test: Self) -> Self {
        unsafe {
            let positive = vcgtq_f32(test.0, vdupq_n_f32(0.0));
            Self(vreinterpretq_f32_u32(vandq_u32(positive, vreinterpretq_u32_f32(self.0))))
        }
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        unsafe {
            let exponent = vshlq_n_s32::<23>(vreinterpretq_s32_f32(self.0));
            Self(vreinterpretq_f32_s32(vaddq_s32(exponent, vdupq_n_s32(127 << 23))))
        }
    }
}
