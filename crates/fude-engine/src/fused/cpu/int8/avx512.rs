//! Sums of 16 outputs: AVX-512 with VNNI.

use super::dots::{DotTask, Dots};
use std::arch::x86_64::*;

/// 16 sums.
#[derive(Clone, Copy)]
pub(super) struct Vnni(__m512i);

/// Does a task with this vector.
///
/// # Safety
/// The processor has the instruction sets named below.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2")]
pub(super) unsafe fn run<T: DotTask>(task: T) {
    task.run::<Vnni>();
}

// SAFETY, of every block below: the trait's contract is that methods run inside `run`, so the instructions exist;
// pointers are the caller's promise.
impl Dots for Vnni {
    const GROUP: usize = 4;
    const N: usize = 16;
    const ROWS: usize = 8;
    type Weights = __m512i;

    #[inline(always)]
    fn zero() -> Self {
        unsafe { Self(_mm512_setzero_si512()) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    fn add(self, inputs: u32, weights: __m512i) -> Self {
        // Unsigned bytes times signed ones, four products added without saturation.
        unsafe { Self(_mm512_dpbusd_epi32(self.0, _mm512_set1_epi32(inputs as i32), weights)) }
    }

    #[inline(always)]
    unsafe fn finish(self, offset: *const i32, scale: *const f32, bias: *const f32, output: *mut f32) {
        unsafe {
            let sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(self.0, _mm512_loadu_si512(offset.cast())));
            let value = _mm512_add_ps(_mm512_mul_ps(sum, _mm512_loadu_ps(scale)), _mm512_loadu_ps(bias));
            _mm512_storeu_ps(output, value);
        }
    }
}
