//! Logits of many images, dropout off.

use super::hidden::ActivateOnly;
use super::images::Gather;
use super::linear::Forward;
use super::memory::Grid;
use super::normalize::Normalize;
use super::residual::AddInput;
use super::simd::Level;
use super::team::Team;
use super::warp::Warp;
use super::weights::LayerWeights;
use super::workspace::Workspace;
use crate::Logits;
use fude_data::Split;
use fude_model::{MlpConfig, Normalization};
use std::sync::{Mutex, PoisonError};

/// Images that a worker takes at a time.
pub(super) const ROWS: usize = 64;

/// An evaluation of one model.
pub(super) struct Evaluation<'a> {
    pub(super) level: Level,
    pub(super) model: &'a MlpConfig,
    /// `[I + 1, O]` of each layer.
    pub(super) weights: Vec<&'a Grid>,
    pub(super) images: &'a Split,
    pub(super) warp: Option<Warp<'a>>,
    /// One a worker, with room for [`ROWS`] samples.
    pub(super) scratch: &'a [Workspace],
}

/// The weights of each layer, or their averages.
pub(super) fn choose(layers: &[LayerWeights], averaged: bool) -> Vec<&Grid> {
    layers.iter().map(|layer| layer.average.as_ref().filter(|_| averaged).unwrap_or(&layer.weight)).collect()
}

impl Evaluation<'_> {
    /// Every worker takes the next images that nobody has.
    pub(super) fn run(&self, team: &mut Team) -> Logits {
        let classes = self.model.outputs;
        let mut values = vec![0.0; self.images.len() * classes];
        let parts = Mutex::new(values.chunks_mut(ROWS * classes).enumerate());
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = |worker: usize| {
            while let Some((part, output)) = next() {
                self.part((part * ROWS) as u32, output, classes, &self.scratch[worker]);
            }
        };
        team.run(&work, || work(0));
        Logits { classes, values }
    }

    /// Logits `[n, O]` of the images from `first` on.
    fn part(&self, first: u32, output: &mut [f32], classes: usize, scratch: &Workspace) {
        let count = output.len() / classes;
        let indices: [u32; ROWS] = std::array::from_fn(|row| first + row as u32);
        let indices = &indices[..count];
        let (split, scale) = (self.images, self.model.input);
        let warp = self.warp.as_ref();
        self.level.run(Gather { split, indices, warp, mixed: None, scale, output: &scratch.inputs[0], rows: 0..count });
        for layer in 0..self.weights.len() {
            self.forward(layer, scratch, count);
        }
        let logits = &scratch.deltas[self.weights.len() - 1];
        for (row, output) in output.chunks_exact_mut(classes).enumerate() {
            // SAFETY: the scratch is this worker's alone, and a row has `classes` columns.
            output.copy_from_slice(unsafe { std::slice::from_raw_parts(logits.at(row, 0), classes) });
        }
    }

    fn forward(&self, layer: usize, scratch: &Workspace, count: usize) {
        let Workspace { inputs, deltas, .. } = scratch;
        let last = layer + 1 == self.weights.len();
        let output = if last { &deltas[layer] } else { &inputs[layer + 1] };
        let (input, weight) = (&inputs[layer], self.weights[layer]);
        self.level.run(Forward { input, weight, output, rows: 0..count });
        if !last {
            if self.model.normalization == Normalization::Layer {
                self.level.run(Normalize { z: output, kept: None, rows: 0..count });
            }
            self.level.run(ActivateOnly { activation: self.model.activation, output, rows: 0..count });
            if self.model.adds_input(layer) {
                self.level.run(AddInput { input, output, rows: 0..count });
            }
        }
    }
}
