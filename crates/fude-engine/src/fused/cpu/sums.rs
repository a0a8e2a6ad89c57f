//! Sums over rows whose padding is zero.
//!
//! In sixteen partial sums whatever the vector's width, then in one order: every instruction set gives the same bits.

use super::memory::padded;
use super::simd::{Lanes, PAD};

/// Vectors in sixteen lanes, at the narrowest.
const VECTORS: usize = 4;

/// `sum a`.
///
/// # Safety
/// The row is readable up to its padding.
#[inline(always)]
pub(super) unsafe fn sum<V: Lanes>(a: *const f32, columns: usize) -> f32 {
    let mut sums = [V::splat(0.0); VECTORS];
    for block in (0..padded(columns)).step_by(PAD) {
        for (vector, sum) in sums[..PAD / V::N].iter_mut().enumerate() {
            // SAFETY: the row is padded.
            *sum = sum.add(unsafe { V::load(a.add(block + vector * V::N)) });
        }
    }
    total(sums)
}

/// `sum a b`.
///
/// # Safety
/// Both rows are readable up to their padding.
#[inline(always)]
pub(super) unsafe fn sum_of_products<V: Lanes>(a: *const f32, b: *const f32, columns: usize) -> f32 {
    let mut sums = [V::splat(0.0); VECTORS];
    for block in (0..padded(columns)).step_by(PAD) {
        for (vector, sum) in sums[..PAD / V::N].iter_mut().enumerate() {
            let at = block + vector * V::N;
            // SAFETY: the rows are padded.
            *sum = unsafe { V::load(a.add(at)).mul_add(V::load(b.add(at)), *sum) };
        }
    }
    total(sums)
}

#[inline(always)]
fn total<V: Lanes>(sums: [V; VECTORS]) -> f32 {
    let mut lanes = [0.0; PAD];
    for (vector, sum) in sums[..PAD / V::N].iter().enumerate() {
        // SAFETY: `PAD` values have room for that many vectors.
        unsafe { sum.store(lanes.as_mut_ptr().add(vector * V::N)) };
    }
    lanes.iter().sum()
}
