//! Sums of 8 outputs: AVX2, products of 16-bit words.

use super::dots::{DotTask, Dots};
use std::arch::x86_64::*;

/// 8 sums.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256i);

/// Does a task with this vector.
///
/// # Safety
/// The processor has the instruction set named below.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn run<T: DotTask>(task: T) {
    task.run::<Avx2>();
}

// SAFETY, of every block below: the trait's contract is that methods run inside `run`, so the instructions exist;
// pointers are the caller's promise.
impl Dots for Avx2 {
    const GROUP: usize = 2;
    const N: usize = 8;
    const ROWS: usize = 4;
    type Weights = __m256i;

    #[inline(always)]
    fn zero() -> Self {
        unsafe { Self(_mm256_setzero_si256()) }
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> __m256i {
        unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    fn add(self, inputs: u32, weights: __m256i) -> Self {
        unsafe {
            let products = _mm256_madd_epi16(_mm256_set1_epi32(inputs as i32), weights);
            Self(_mm256_add_epi32(self.0, products))
        }
    }

    #[inline(always)]
    unsafe fn finish(self, offset: *const i32, scale: *const f32, bias: *const f32, output: *mut f32) {
        unsafe {
            let sum = _mm256_cvtepi32_ps(_mm256_sub_epi32(self.0, _mm256_loadu_si256(offset.cast())));
            let value = _mm256_add_ps(_mm256_mul_ps(sum, _mm256_loadu_ps(scale)), _mm256_loadu_ps(bias));
            _mm256_storeu_ps(output, value);
        }
    }
}
