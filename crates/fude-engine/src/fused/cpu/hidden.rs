//! What a hidden layer does to its linear output: activation and dropout.

use super::activation::activate;
use super::memory::{Grid, padded};
use super::simd::{Lanes, Task};
use fude_model::Activation;
use std::ops::Range;

/// `output = f(output) * mask`, and the slope `f'(output) * mask` in the mask's place.
pub(super) struct Activate<'a> {
    pub(super) activation: Activation,
    /// `[B, H]`.
    pub(super) output: &'a Grid,
    /// `[B, H]`: the mask before (nothing in particular where `dropout` is off), the slope after.
    pub(super) slope: &'a Grid,
    pub(super) dropout: bool,
    pub(super) rows: Range<usize>,
}

impl Task for Activate<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        // A constant in each arm, so that the choice is not made again for every vector.
        match self.activation {
            Activation::Relu => self.rows::<V>(Activation::Relu),
            Activation::Gelu => self.rows::<V>(Activation::Gelu),
            Activation::Tanh => self.rows::<V>(Activation::Tanh),
        }
    }
}

impl Activate<'_> {
    #[inline(always)]
    fn rows<V: Lanes>(self, activation: Activation) {
        let columns = padded(self.output.columns());
        for row in self.rows {
            let (output, slope) = (self.output.at(row, 0), self.slope.at(row, 0));
            for column in (0..columns).step_by(V::N) {
                // SAFETY: both rows are this worker's alone, and padded to `columns`.
                unsafe {
                    let (output, slope) = (output.add(column), slope.add(column));
                    let mask = if self.dropout { V::load(slope) } else { V::splat(1.0) };
                    let (y, derivative) = activate(activation, V::load(output));
                    y.mul(mask).store(output);
                    derivative.mul(mask).store(slope);
                }
            }
        }
    }
}

/// `output = f(output)`, for evaluation.
pub(super) struct ActivateOnly<'a> {
    pub(super) activation: Activation,
    pub(super) output: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for ActivateOnly<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let columns = padded(self.output.columns());
        for row in self.rows {
            let output = self.output.at(row, 0);
            for column in (0..columns).step_by(V::N) {
                // SAFETY: the row is this worker's alone, and padded to `columns`.
                unsafe {
                    let output = output.add(column);
                    activate(self.activation, V::load(output)).0.store(output);
                }
            }
        }
    }
}
