//! Weight gradients, each tile given to Adam while it is in registers: no gradient is stored, unless it is clipped.

use super::adam::{Adam, AdamStep};
use super::memory::{Grid, padded, prefetch};
use super::product::{Epilogue, Left, Right, product};
use super::simd::{Lanes, Task};
use super::sums::sum_of_products;
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
    pub(super) then: Then,
}

/// What happens to a gradient.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// It is applied at once.
    Adam(AdamStep),
    /// It is stored, with the sum of squares of each row.
    Store,
}

impl Task for Update<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        match self.then {
            Then::Adam(step) => self.sums::<V>(&ByAdam::new(self.layer, step)),
            Then::Store => {
                let Some((gradient, squares)) = &self.layer.gradient else { return };
                let mask = mask_of(self.layer);
                self.sums::<V>(&Stored { gradient: gradient.at(0, 0), mask, stride: gradient.stride() });
                for row in self.rows {
                    // SAFETY: these rows are this worker's alone.
                    unsafe {
                        let row_start = gradient.at(row, 0);
                        *squares.at(row, 0) = sum_of_products::<V>(row_start, row_start, gradient.columns());
                    }
                }
            }
        }
    }
}

impl Update<'_> {
    /// Computes the gradient of the rows and hands it to `epilogue`.
    #[inline(always)]
    fn sums<V: Lanes>(&self, epilogue: &impl Epilogue) {
        let Self { layer, input, delta, batch, .. } = *self;
        let rows = self.rows.clone();
        let inputs = layer.inputs();
        assert!(batch <= input.rows().min(delta.rows()) && inputs <= input.stride() && rows.end <= inputs + 1);
        if rows.is_empty() || batch == 0 {
            return;
        }
        let right = Right { start: delta.at(0, 0), stride: delta.stride() };
        let columns = padded(layer.outputs());
        let weights = rows.start..rows.end.min(inputs);
        let left = Left { start: input.at(0, 0), row: 1, depth: input.stride() };
        // SAFETY: the assertion; these rows of the weights and moments are this worker's alone.
        unsafe { product::<V>(left, right, weights, columns, batch, epilogue) };
        if rows.end > inputs {
            let one = 1.0;
            let left = Left { start: &raw const one, row: 0, depth: 0 };
            // SAFETY: as above.
            unsafe { product::<V>(left, right, inputs..inputs + 1, columns, batch, epilogue) };
        }
    }
}

/// Applies a stored gradient, times `factor`, to `rows` of a layer.
pub(super) struct Apply<'a> {
    pub(super) layer: &'a LayerWeights,
    pub(super) rows: Range<usize>,
    pub(super) factor: f32,
    pub(super) step: AdamStep,
}

impl Task for Apply<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Some((gradient, _)) = &self.layer.gradient else { return };
        let epilogue = ByAdam::new(self.layer, self.step);
        for row in self.rows {
            for column in (0..padded(gradient.columns())).step_by(V::N) {
                // SAFETY: these rows are this worker's alone, and padded.
                let stored = unsafe { V::load(gradient.at(row, column)) };
                epilogue.take(row, column, stored.mul(V::splat(self.factor)));
            }
        }
    }
}

/// Where a layer's mask begins; null where nothing is pruned.
fn mask_of(layer: &LayerWeights) -> *const f32 {
    layer.mask.as_ref().map_or(std::ptr::null(), |mask| mask.at(0, 0))
}

/// The gradient of what is not pruned, and 0 for what is: with 0 for parameter and moments, Adam then leaves it there,
/// whatever the weight decay, and a norm over all gradients counts what is trained alone.
///
/// # Safety
/// `mask` is null or valid for reads of a vector at `offset`.
#[inline(always)]
unsafe fn masked<V: Lanes>(mask: *const f32, offset: usize, gradient: V) -> V {
    if mask.is_null() {
        return gradient;
    }
    // SAFETY: the caller's promise.
    gradient.mul(unsafe { V::load(mask.add(offset)) })
}

struct Stored {
    gradient: *mut f32,
    /// Null where nothing is pruned.
    mask: *const f32,
    stride: usize,
}

impl Epilogue for Stored {
    #[inline(always)]
    fn take<V: Lanes>(&self, i: usize, j: usize, gradient: V) {
        let offset = i * self.stride + j;
        // SAFETY: as in `Update`; the grids have one shape.
        unsafe { masked(self.mask, offset, gradient).store(self.gradient.add(offset)) };
    }
}

struct ByAdam {
    weight: *mut f32,
    first: *mut f32,
    second: *mut f32,
    /// Null where no average is kept.
    average: *mut f32,
    /// Null where nothing is pruned.
    mask: *const f32,
    stride: usize,
    step: AdamStep,
}

impl ByAdam {
    #[inline(always)]
    fn new(layer: &LayerWeights, step: AdamStep) -> Self {
        Self {
            weight: layer.weight.at(0, 0),
            first: layer.first.at(0, 0),
            second: layer.second.at(0, 0),
            average: layer.average.as_ref().map_or(std::ptr::null_mut(), |average| average.at(0, 0)),
            mask: mask_of(layer),
            stride: layer.weight.stride(),
            step,
        }
    }
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
        // SAFETY: as in `Update`; the grids have one shape.
        unsafe {
            let gradient = masked(self.mask, offset, gradient);
            let (w, m, v) = (self.weight.add(offset), self.first.add(offset), self.second.add(offset));
            let new = self.step.update(Adam { w: V::load(w), m: V::load(m), v: V::load(v) }, gradient);
            new.w.store(w);
            new.m.store(m);
            new.v.store(v);
            if !self.average.is_null() {
                let average = self.average.add(offset);
                self.step.average(V::load(average), new.w).store(average);
            }
        }
    }
}
