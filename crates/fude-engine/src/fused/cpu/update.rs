//! Weight gradients, each tile given to Adam while it is in registers: no gradient is ever stored.

use super::adam::AdamStep;
use super::memory::{Grid, padded, prefetch};
use super::product::{Epilogue, Left, Right, product};
use super::simd::{Lanes, Task};
use super::weights::LayerWeights;
use std::ops::Range;

/// Updates `rows` of a layer's `[I + 1, O]` weights by `input^T delta`, summed over the batch.
///
/// The bias is the last row: the weight of an input that is always 1.
pub(super) struct Update<'a> {
    pub(super) layer: &'a LayerWeights,
    /// `[B, I]`.
    pub(super) input: &'a Grid,
    /// `[B, O]`.
    pub(super) delta: &'a Grid,
    pub(super) batch: usize,
    pub(super) rows: Range<usize>,
    pub(super) step: AdamStep,
}

impl Task for Update<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { layer, input, delta, batch, rows, step } = self;
        let inputs = layer.inputs();
        assert!(batch <= input.rows().min(delta.rows()) && inputs <= input.stride() && rows.end <= inputs + 1);
        if rows.is_empty() || batch == 0 {
            return;
        }
        let right = Right { start: delta.at(0, 0), stride: delta.stride() };
        let epilogue = ByAdam {
            weight: layer.weight.at(0, 0),
            first: layer.first.at(0, 0),
            second: layer.second.at(0, 0),
            stride: layer.weight.stride(),
            step,
        };
        let columns = padded(layer.outputs());
        let weights = rows.start..rows.end.min(inputs);
        let left = Left { start: input.at(0, 0), row: 1, depth: input.stride() };
        // SAFETY: the assertion; these rows of the weights and moments are this worker's alone.
        unsafe { product::<V>(left, right, weights, columns, batch, &epilogue) };
        if rows.end > inputs {
            let one = 1.0;
            let left = Left { start: &raw const one, row: 0, depth: 0 };
            // SAFETY: as above.
            unsafe { product::<V>(left, right, inputs..inputs + 1, columns, batch, &epilogue) };
        }
    }
}

struct ByAdam {
    weight: *mut f32,
    first: *mut f32,
    second: *mut f32,
    stride: usize,
    step: AdamStep,
}

impl Epilogue for ByAdam {
    /// Weights and moments come from the third-level cache: ask for them before the tile's sums.
    #[inline(always)]
    fn expect(&self, i: usize, j: usize) {
        let offset = i * self.stride + j;
        for values in [self.weight, self.first, self.second] {
            prefetch(values.wrapping_add(offset).cast());
        }
    }

    #[inline(always)]
    fn take<V: Lanes>(&self, i: usize, j: usize, gradient: V) {
        let offset = i * self.stride + j;
        // SAFETY: as in `Update`; the three grids have one shape.
        unsafe {
            let (w, m, v) = (self.weight.add(offset), self.first.add(offset), self.second.add(offset));
            let (new_w, new_m, new_v) = self.step.update((V::load(w), V::load(m), V::load(v)), gradient);
            new_w.store(w);
            new_m.store(m);
            new_v.store(v);
        }
    }
}
