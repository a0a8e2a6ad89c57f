//! Residual connections: a hidden layer's input added to its output, and the gradient that comes back along it.
//!
//! Forward: `h[l] = h[l-1] + f(z[l]) * mask`. Backward, with g the loss's gradient with respect to h:
//! `g[l-1] = delta[l] W[l]^T + g[l]` and `delta[l-1] = g[l-1] * slope[l-1]`, as without connections but for the sum. So g must
//! outlive the layer that it came from, in one grid for all of them: layers with a connection between them are as wide as
//! each other, and g[l] is read for the last time where g[l-1] is written.

use super::memory::{Grid, padded};
use super::product::{Epilogue, Left, Right, product};
use super::simd::{Lanes, Task};
use std::ops::Range;

/// `output[rows] += input[rows]`, both `[B, H]`.
pub(super) struct AddInput<'a> {
    pub(super) input: &'a Grid,
    pub(super) output: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for AddInput<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        assert_eq!(self.input.columns(), self.output.columns(), "layers of one width");
        for row in self.rows {
            for column in (0..padded(self.output.columns())).step_by(V::N) {
                let (input, output) = (self.input.at(row, column), self.output.at(row, column));
                // SAFETY: rows of both grids are this worker's alone, and padded.
                unsafe { V::load(output).add(V::load(input)).store(output) };
            }
        }
    }
}

/// [`InputGradient`](super::linear::InputGradient) where a residual connection begins or ends:
/// `delta_in[rows] *= g[rows]`, `g = delta_out[rows] W^T`, or that with `whole[rows]` added.
pub(super) struct ResidualGradient<'a> {
    pub(super) delta_out: &'a Grid,
    /// W^T, `[O, I]`.
    pub(super) transposed: &'a Grid,
    /// `[B, I]`: slopes before, gradients after.
    pub(super) delta_in: &'a Grid,
    /// `[B, I]` at least: g of the layer's output before, where that is added; g of its input after.
    pub(super) whole: &'a Grid,
    /// Whether the layer's input was added to its output.
    pub(super) adds: bool,
    pub(super) rows: Range<usize>,
}

impl Task for ResidualGradient<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { delta_out, transposed, delta_in, whole, adds, rows } = self;
        let (outputs, columns) = (transposed.rows(), padded(transposed.columns()));
        assert!(outputs <= delta_out.stride() && columns <= delta_in.stride().min(whole.stride()));
        assert!(rows.end <= delta_in.rows().min(delta_out.rows()).min(whole.rows()));
        if rows.is_empty() {
            return;
        }
        let left = Left { start: delta_out.at(0, 0), row: delta_out.stride(), depth: 1 };
        let right = Right { start: transposed.at(0, 0), stride: transposed.stride() };
        let epilogue = PlusWhole {
            delta: delta_in.at(0, 0),
            delta_stride: delta_in.stride(),
            whole: whole.at(0, 0),
            whole_stride: whole.stride(),
            adds,
        };
        // SAFETY: the assertions; rows of `delta_in` and `whole` are this worker's alone.
        unsafe { product::<V>(left, right, rows, columns, outputs, &epilogue) };
    }
}

struct PlusWhole {
    delta: *mut f32,
    delta_stride: usize,
    whole: *mut f32,
    whole_stride: usize,
    adds: bool,
}

impl Epilogue for PlusWhole {
    #[inline(always)]
    fn take<V: Lanes>(&self, i: usize, j: usize, sum: V) {
        // SAFETY: as in `ResidualGradient`.
        unsafe {
            let (delta, whole) = (self.delta.add(i * self.delta_stride + j), self.whole.add(i * self.whole_stride + j));
            let gradient = if self.adds { sum.add(V::load(whole)) } else { sum };
            gradient.store(whole);
            gradient.mul(V::load(delta)).store(delta);
        }
    }
}
