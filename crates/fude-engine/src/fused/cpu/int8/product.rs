//! A linear layer on bytes, in register tiles.

use super::super::memory::Grid;
use super::dots::{DotTask, Dots};
use super::packed::Packed;
use std::ops::Range;

/// `output[rows] = layer(input[rows])`, as f32.
pub(super) struct Forward<'a> {
    /// `[rows, groups]`: each group's inputs, as the level wants them.
    pub(super) input: &'a [u32],
    pub(super) layer: &'a Packed,
    /// `[rows, O]`.
    pub(super) output: &'a Grid,
    pub(super) rows: usize,
}

impl DotTask for Forward<'_> {
    #[inline(always)]
    fn run<D: Dots>(self) {
        let layer = self.layer;
        assert!(self.rows * layer.groups() <= self.input.len() && self.rows <= self.output.rows());
        assert!(layer.width() <= self.output.stride() && layer.panels() * D::N <= layer.width());
        let tall = self.rows - self.rows % D::ROWS;
        if D::ROWS == 8 {
            self.region::<D, 8, 2>(0..tall);
        } else {
            self.region::<D, 4, 2>(0..tall);
        }
        // One image: as many sums at once as hide an addition's latency.
        self.region::<D, 1, 4>(tall..self.rows);
    }
}

impl Forward<'_> {
    /// Rows in tiles of `R`; a panel is used for all of them while it is in cache.
    #[inline(always)]
    fn region<D: Dots, const R: usize, const C: usize>(&self, rows: Range<usize>) {
        let whole = self.layer.panels() / C * C;
        for panel in (0..whole).step_by(C) {
            for row in rows.clone().step_by(R) {
                // SAFETY: `run` has checked the sizes; `rows` is a multiple of R.
                unsafe { self.tile::<D, R, C>(row, panel) };
            }
        }
        for panel in whole..self.layer.panels() {
            for row in rows.clone().step_by(R) {
                // SAFETY: as above.
                unsafe { self.tile::<D, R, 1>(row, panel) };
            }
        }
    }

    /// One tile of `R` rows and `C` panels, all sums in registers.
    ///
    /// # Safety
    /// Rows to `row + R` and panels to `panel + C` are inside input, layer and output.
    #[inline(always)]
    unsafe fn tile<D: Dots, const R: usize, const C: usize>(&self, row: usize, panel: usize) {
        let layer = self.layer;
        let groups = layer.groups();
        let mut sums = [[D::zero(); C]; R];
        let mut starts = [layer.panel(panel); C];
        for (c, start) in starts.iter_mut().enumerate() {
            *start = layer.panel(panel + c);
        }
        // SAFETY: the caller's promise.
        unsafe {
            let input = self.input.as_ptr().add(row * groups);
            for group in 0..groups {
                let step = group * D::N * D::GROUP;
                let mut weights = [D::weights(starts[0].add(step)); C];
                for (weights, start) in weights.iter_mut().zip(&starts) {
                    *weights = D::weights(start.add(step));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let inputs = *input.add(r * groups + group);
                    for (sum, &weights) in sums.iter_mut().zip(&weights) {
                        *sum = sum.add(inputs, weights);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (c, sum) in sums.iter().enumerate() {
                    let o = (panel + c) * D::N;
                    let (offset, scale) = (layer.offset.as_ptr().add(o), layer.scale.as_ptr().add(o));
                    sum.finish(offset, scale, layer.bias.as_ptr().add(o), self.output.at(row + r, o));
                }
            }
        }
    }
}
