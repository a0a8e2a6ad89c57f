//! Layer normalisation of a hidden layer's rows, forward and backward, without parameters of its own.
//!
//! Forward: `x = (z - mean) / s`, `s = sqrt(var + eps)` over a row's H units. Backward, with d the loss's gradient with
//! respect to x: `(d - mean(d) - x mean(d x)) / s`. Ba, Kiros and Hinton (2016); the biased variance, as PyTorch has it.

use super::memory::{Grid, padded};
use super::simd::{Lanes, Task};
use super::sums::{sum, sum_of_products};
use fude_model::Normalization;
use std::ops::Range;

/// Normalises `z[rows]`, `[B, H]`, where it stands.
pub(super) struct Normalize<'a> {
    pub(super) z: &'a Grid,
    /// A copy `[B, H]` of the result, and `1 / s` of each row `[B, 1]`, for the way back; none in evaluation.
    pub(super) kept: Option<(&'a Grid, &'a Grid)>,
    pub(super) rows: Range<usize>,
}

impl Task for Normalize<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let units = self.z.columns();
        for row in self.rows {
            // SAFETY: rows of all grids are this worker's alone, and padded.
            unsafe {
                let z = self.z.at(row, 0);
                let mean = sum::<V>(z, units) / units as f32;
                shift::<V>(z, mean, units);
                let variance = sum_of_products::<V>(z, z, units) / units as f32;
                let inverse = 1.0 / (variance + Normalization::EPSILON).sqrt();
                for column in (0..padded(units)).step_by(V::N) {
                    let x = V::load(z.add(column)).mul(V::splat(inverse));
                    x.store(z.add(column));
                    if let Some((copy, _)) = self.kept {
                        x.store(copy.at(row, column));
                    }
                }
                if let Some((_, inverses)) = self.kept {
                    *inverses.at(row, 0) = inverse;
                }
            }
        }
    }
}

/// Turns `delta[rows]` from the gradient with respect to x into that with respect to z.
pub(super) struct NormalizeGradient<'a> {
    /// `[B, H]`.
    pub(super) delta: &'a Grid,
    /// x, `[B, H]`.
    pub(super) x: &'a Grid,
    /// `1 / s`, `[B, 1]`.
    pub(super) inverses: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for NormalizeGradient<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let units = self.delta.columns();
        for row in self.rows {
            // SAFETY: rows of all grids are this worker's alone, and padded.
            unsafe {
                let (d, x) = (self.delta.at(row, 0), self.x.at(row, 0));
                let mean = sum::<V>(d, units) / units as f32;
                let along = sum_of_products::<V>(d, x, units) / units as f32;
                let inverse = V::splat(*self.inverses.at(row, 0));
                for column in (0..padded(units)).step_by(V::N) {
                    let centred = V::load(d.add(column)).sub(V::splat(mean));
                    let rest = V::load(x.add(column)).mul_add(V::splat(-along), centred);
                    rest.mul(inverse).store(d.add(column));
                }
                clear_padding(d, units);
            }
        }
    }
}

/// `row -= mean`; the padding stays zero, as sums run over it.
#[inline(always)]
unsafe fn shift<V: Lanes>(row: *mut f32, mean: f32, units: usize) {
    // SAFETY: the row is padded.
    unsafe {
        for column in (0..padded(units)).step_by(V::N) {
            V::load(row.add(column)).sub(V::splat(mean)).store(row.add(column));
        }
        clear_padding(row, units);
    }
}

#[inline(always)]
unsafe fn clear_padding(row: *mut f32, units: usize) {
    for column in units..padded(units) {
        // SAFETY: the row is padded.
        unsafe { *row.add(column) = 0.0 };
    }
}
