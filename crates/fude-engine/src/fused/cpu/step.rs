//! One training step of one model, as each worker does its share of it.
//!
//! Samples are independent of each other until weights change: a worker takes its rows of the batch from the images
//! through all layers to the loss and back, without waiting. Then everybody waits once, and each worker computes the
//! gradient of *its rows of each weight matrix* over the whole batch and gives it to Adam at once: no gradients are
//! stored, none are added up across workers, and no result depends on how many workers there are. Only where the
//! gradient's norm is clipped, it is stored, and everybody waits once more until its norm is known.

use super::adam::AdamStep;
use super::barrier::Barrier;
use super::clip::clip_factor;
use super::dropout::{Dropping, Masks};
use super::hidden::Activate;
use super::images::Gather;
use super::linear::{Forward, InputGradient};
use super::loss::LossGradient;
use super::normalize::{Normalize, NormalizeGradient};
use super::residual::{AddInput, ResidualGradient};
use super::share::Share;
use super::simd::Level;
use super::update::{Apply, Then, Update};
use super::warp::Warp;
use super::weights::LayerWeights;
use super::workspace::Workspace;
use crate::{EpochPlan, Totals};
use fude_data::Split;
use fude_model::{InputScale, MlpConfig, Normalization};
use std::ops::Range;

/// What is the same in every step of every model.
pub(super) struct Recipe<'a> {
    pub(super) level: Level,
    pub(super) train: &'a Split,
    pub(super) model: &'a MlpConfig,
    pub(super) smoothing: f32,
    pub(super) clip_norm: Option<f32>,
}

/// One step.
pub(super) struct Step<'a> {
    pub(super) recipe: &'a Recipe<'a>,
    pub(super) layers: &'a [LayerWeights],
    pub(super) work: &'a Workspace,
    pub(super) plan: &'a EpochPlan,
    pub(super) warp: Option<&'a Warp<'a>>,
    pub(super) step: u32,
}

impl Step<'_> {
    /// The images of this step, `[B]`.
    fn indices(&self) -> &[u32] {
        self.plan.rows(self.step)
    }

    /// Phase one, for a share of the batch's rows: forward, loss, backward.
    pub(super) fn samples(&self, share: Share) {
        let rows = share.of(self.indices().len());
        self.gather(rows.clone());
        for layer in 0..self.layers.len() {
            self.forward(layer, rows.clone());
        }
        self.loss(rows.clone());
        for layer in (1..self.layers.len()).rev() {
            self.backward(layer, rows.clone());
        }
    }

    /// Phase two, for a share of each layer's weights: their gradients and Adam. `barrier`, where others share the work.
    pub(super) fn update(&self, share: Share, adam: AdamStep, barrier: Option<&Barrier>) {
        match self.recipe.clip_norm {
            None => self.gradients(share, Then::Adam(adam)),
            Some(largest) => {
                self.gradients(share, Then::Store);
                if let Some(barrier) = barrier {
                    barrier.wait();
                }
                let factor = clip_factor(self.layers, largest);
                for (index, layer) in self.layers.iter().enumerate() {
                    self.apply(index, share.of(layer.inputs() + 1), factor, adam);
                }
            }
        }
        for (index, layer) in self.layers.iter().enumerate() {
            self.transpose(index, share.of(layer.inputs() + 1));
        }
    }

    fn gradients(&self, share: Share, then: Then) {
        for (index, layer) in self.layers.iter().enumerate() {
            self.gradient(index, share.of(layer.inputs() + 1), then);
        }
    }

    /// The gradient of rows of a layer's weights, stored or given to Adam.
    pub(super) fn gradient(&self, index: usize, rows: Range<usize>, then: Then) {
        let (layer, batch) = (&self.layers[index], self.indices().len());
        let (input, delta) = (&self.work.inputs[index], &self.work.deltas[index]);
        self.recipe.level.run(Update { layer, input, delta, batch, rows, then });
    }

    /// Adam on rows of a layer's weights, by their stored gradient times `factor`.
    pub(super) fn apply(&self, index: usize, rows: Range<usize>, factor: f32, step: AdamStep) {
        self.recipe.level.run(Apply { layer: &self.layers[index], rows, factor, step });
    }

    /// The transposed copy of rows of a layer's weights, for the way back.
    pub(super) fn transpose(&self, index: usize, rows: Range<usize>) {
        self.layers[index].transpose(rows);
    }

    /// Images to floats, deformed and mixed where that is asked for.
    pub(super) fn gather(&self, rows: Range<usize>) {
        let (split, output, scale) = (self.recipe.train, &self.work.inputs[0], self.scale());
        let (warp, mixed) = (self.warp, self.plan.mixed(self.step));
        self.recipe.level.run(Gather { split, indices: self.indices(), warp, mixed, scale, output, rows });
    }

    fn scale(&self) -> InputScale {
        self.recipe.model.input
    }

    fn forward(&self, layer: usize, rows: Range<usize>) {
        self.linear(layer, rows.clone());
        if layer + 1 < self.layers.len() {
            self.hide(layer, rows);
        }
    }

    /// The linear output of a layer.
    pub(super) fn linear(&self, layer: usize, rows: Range<usize>) {
        let Workspace { inputs, deltas, .. } = self.work;
        let last = layer + 1 == self.layers.len();
        let output = if last { &deltas[layer] } else { &inputs[layer + 1] };
        let (input, weight) = (&inputs[layer], &self.layers[layer].weight);
        self.recipe.level.run(Forward { input, weight, output, rows });
    }

    /// Normalisation, activation, dropout and residual connection of a hidden layer.
    pub(super) fn hide(&self, layer: usize, rows: Range<usize>) {
        let Recipe { level, model, .. } = *self.recipe;
        let MlpConfig { activation, dropout, .. } = *model;
        if model.normalization == Normalization::Layer {
            let (kept, inverses) = &self.work.normalized[layer];
            let z = &self.work.inputs[layer + 1];
            level.run(Normalize { z, kept: Some((kept, inverses)), rows: rows.clone() });
        }
        let (output, slope) = (&self.work.inputs[layer + 1], &self.work.deltas[layer]);
        if dropout > 0.0 {
            let EpochPlan { seed, epoch, .. } = *self.plan;
            let dropping = Dropping { seed, epoch, step: self.step, layer: layer as u32, p: dropout };
            level.run(Masks { dropping, mask: slope, rows: rows.clone() });
        }
        level.run(Activate { activation, output, slope, dropout: dropout > 0.0, rows: rows.clone() });
        if model.adds_input(layer) {
            level.run(AddInput { input: &self.work.inputs[layer], output, rows });
        }
    }

    /// Logits to losses and their gradient.
    pub(super) fn loss(&self, rows: Range<usize>) {
        self.recipe.level.run(LossGradient {
            logits: &self.work.deltas[self.layers.len() - 1],
            labels: &self.recipe.train.labels,
            indices: self.indices(),
            smoothing: self.recipe.smoothing,
            mixed: self.plan.mixed(self.step),
            teacher: self.plan.teacher.as_ref(),
            notes: &self.work.notes,
            rows,
        });
    }

    /// The gradient with respect to the input of a layer, and through the activation before it.
    pub(super) fn backward(&self, layer: usize, rows: Range<usize>) {
        let deltas = &self.work.deltas;
        let Some(transposed) = &self.layers[layer].transposed else { return };
        let (delta_out, delta_in) = (&deltas[layer], &deltas[layer - 1]);
        let (level, adds) = (self.recipe.level, |layer| self.recipe.model.adds_input(layer));
        match &self.work.whole {
            Some(whole) if adds(layer) || adds(layer - 1) => {
                let (adds, rows) = (adds(layer), rows.clone());
                level.run(ResidualGradient { delta_out, transposed, delta_in, whole, adds, rows });
            }
            _ => level.run(InputGradient { delta_out, transposed, delta_in, rows: rows.clone() }),
        }
        if self.recipe.model.normalization == Normalization::Layer {
            let (x, inverses) = &self.work.normalized[layer - 1];
            level.run(NormalizeGradient { delta: delta_in, x, inverses, rows });
        }
    }

    /// Sums over the batch, in the order of its rows. Between the two phases, or after both.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for row in 0..self.indices().len() {
            let note = self.work.notes.at(row, 0);
            // SAFETY: every row was written before the barrier, and nobody writes before the next one.
            let (loss, hit) = unsafe { (*note, *note.add(1)) };
            totals.loss += f64::from(loss);
            totals.correct += u64::from(hit > 0.0);
            totals.samples += 1;
        }
        totals
    }
}
