//! A linear layer forward, and its gradient with respect to its input, for some rows of a batch.

use super::memory::{Grid, padded};
use super::product::{Epilogue, Left, Right, product};
use super::simd::{Lanes, Task};
use std::ops::Range;

/// `output[rows] = input[rows] W + b`, with `weight: [I + 1, O]`, b its last row.
pub(super) struct Forward<'a> {
    pub(super) input: &'a Grid,
    pub(super) weight: &'a Grid,
    pub(super) output: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for Forward<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { input, weight, output, rows } = self;
        let inputs = weight.rows() - 1;
        assert!(inputs <= input.stride() && rows.end <= input.rows().min(output.rows()));
        if rows.is_empty() {
            return;
        }
        let left = Left { start: input.at(0, 0), row: input.stride(), depth: 1 };
        let right = Right { start: weight.at(0, 0), stride: weight.stride() };
        let epilogue = AddBias { bias: weight.at(inputs, 0), output: output.at(0, 0), stride: output.stride() };
        // SAFETY: the assertion; rows of `output` are this worker's alone.
        unsafe { product::<V>(left, right, rows, padded(weight.columns()), inputs, &epilogue) };
    }
}

struct AddBias {
    bias: *const f32,
    output: *mut f32,
    stride: usize,
}

impl Epilogue for AddBias {
    #[inline(always)]
    fn take<V: Lanes>(&self, i: usize, j: usize, sum: V) {
        // SAFETY: as in `Forward`.
        unsafe { sum.add(V::load(self.bias.add(j))).store(self.output.add(i * self.stride + j)) };
    }
}

/// `delta_in[rows] *= delta_out[rows] W^T`, with `transposed: [O, I]` being W^T.
///
/// Before, `delta_in` holds the slopes of the input's activation and its dropout mask; after, the loss's gradient.
pub(super) struct InputGradient<'a> {
    pub(super) delta_out: &'a Grid,
    pub(super) transposed: &'a Grid,
    pub(super) delta_in: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for InputGradient<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { delta_out, transposed, delta_in, rows } = self;
        let outputs = transposed.rows();
        assert!(outputs <= delta_out.stride() && rows.end <= delta_in.rows().min(delta_out.rows()));
        if rows.is_empty() {
            return;
        }
        let left = Left { start: delta_out.at(0, 0), row: delta_out.stride(), depth: 1 };
        let right = Right { start: transposed.at(0, 0), stride: transposed.stride() };
        let epilogue = TimesSlope { delta: delta_in.at(0, 0), stride: delta_in.stride() };
        // SAFETY: the assertion; rows of `delta_in` are this worker's alone.
        unsafe { product::<V>(left, right, rows, padded(transposed.columns()), outputs, &epilogue) };
    }
}

struct TimesSlope {
    delta: *mut f32,
    stride: usize,
}

impl Epilogue for TimesSlope {
    #[inline(always)]
    fn take<V: Lanes>(&self, i: usize, j: usize, sum: V) {
        // SAFETY: as in `InputGradient`.
        unsafe {
            let delta = self.delta.add(i * self.stride + j);
            sum.mul(V::load(delta)).store(delta);
        }
    }
}
