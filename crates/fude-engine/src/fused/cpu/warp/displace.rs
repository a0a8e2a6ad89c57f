//! The elastic displacement of every pixel: `G_y C G_x^T`, in two halves.

use super::{ROWS, Scratch, Warp};
use crate::augment::Deformation;
use crate::fused::cpu::memory::padded;
use crate::fused::cpu::philox::{Draw, WORDS};
use crate::fused::cpu::simd::{Lanes, PAD};
use fude_random::{Stream, uniform};

impl Warp<'_> {
    /// Draws the elastic coefficients and takes them half of the way: `G_y C`.
    #[inline(always)]
    pub(super) fn displace<V: Lanes>(&self, sample: u32, scratch: &mut Scratch) {
        let Some(field) = &self.field else { return };
        let (down, across) = (field.row_points, field.column_points);
        let count = field.coefficients();
        // Loads of whole vectors run over the end of a row, and of the last one.
        scratch.coefficients.resize(count.next_multiple_of(WORDS) + PAD, 0.0);
        let (seed, stream) = (self.seed, Stream::Augmentation);
        let draw = Draw { seed, stream, counter: [self.epoch, sample, Deformation::ELASTIC] };
        for (block, drawn) in scratch.coefficients.chunks_exact_mut(WORDS).enumerate() {
            let words = draw.words(block * WORDS / 4);
            for (coefficient, word) in drawn.iter_mut().zip(words) {
                *coefficient = (2.0 * uniform(word) - 1.0) * field.amplitude;
            }
        }
        let stride = padded(across);
        let height = self.height.next_multiple_of(ROWS);
        scratch.partial.resize(2 * height * stride, 0.0);
        assert!(count + PAD <= scratch.coefficients.len() && self.rows.len() == height * down);
        for component in 0..2 {
            for j in (0..across).step_by(V::N) {
                // SAFETY: the assertions; a vector that begins inside a row ends inside the buffer.
                unsafe {
                    let from = scratch.coefficients.as_ptr().add(component * down * across + j);
                    let to = scratch.partial.as_mut_ptr().add(component * height * stride + j);
                    for y in (0..height).step_by(ROWS) {
                        let sums = self.weighted_rows::<V>(y, from, across, down);
                        for (row, sum) in sums.into_iter().enumerate() {
                            sum.store(to.add((y + row) * stride));
                        }
                    }
                }
            }
        }
    }

    /// `sum over i of G_y[y + r, i] C[i, j..j + N]` for some rows r at once, so that sums do not wait for each other.
    ///
    /// # Safety
    /// `from` is C at `[0, j]`, rows `across` apart, `down` of them.
    #[inline(always)]
    unsafe fn weighted_rows<V: Lanes>(&self, y: usize, from: *const f32, across: usize, down: usize) -> [V; ROWS] {
        let weights = &self.rows[y * down..(y + ROWS) * down];
        let mut sums = [V::splat(0.0); ROWS];
        for i in 0..down {
            // SAFETY: the caller's promise, and the slice's length.
            unsafe {
                let coefficients = V::load(from.add(i * across));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let weight = V::splat(*weights.get_unchecked(row * down + i));
                    *sum = weight.mul_add(coefficients, *sum);
                }
            }
        }
        sums
    }

    /// Adds the displacement of `P` vectors of a row: the other half of the way, `(G_y C) G_x^T`.
    #[inline(always)]
    pub(super) fn displaced<V: Lanes, const P: usize>(
        &self,
        points: usize,
        x: usize,
        y: usize,
        partial: &[f32],
        from_x: &mut [V; P],
        from_y: &mut [V; P],
    ) {
        let (across, stride) = (padded(self.width), padded(points));
        let (dx, dy) = partial.split_at(partial.len() / 2);
        let (dx, dy) = (&dx[y * stride..][..points], &dy[y * stride..][..points]);
        assert!(self.columns.len() == points * across && x + P * V::N <= across);
        for (j, (&dx, &dy)) in dx.iter().zip(dy).enumerate() {
            for p in 0..P {
                // SAFETY: the assertion.
                let weight = unsafe { V::load(self.columns.as_ptr().add(j * across + x + p * V::N)) };
                from_x[p] = weight.mul_add(V::splat(dx), from_x[p]);
                from_y[p] = weight.mul_add(V::splat(dy), from_y[p]);
            }
        }
    }
}
