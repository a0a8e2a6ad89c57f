//! Steps whose logits still lie on the device.

use crate::targets::batch_totals;
use crate::{Teacher, Totals};
use burn::tensor::Tensor;

/// Logits of a step that were not read yet.
pub(super) struct Pending {
    pub(super) model: usize,
    pub(super) step: u32,
    pub(super) logits: Tensor<2>,
    pub(super) targets: Vec<f32>,
    /// The teacher's probabilities `[B, O]`, its weight and temperature.
    pub(super) soft: Option<(Vec<f32>, Teacher)>,
}

impl Pending {
    /// Loss and hits, from the logits' values.
    pub(super) fn totals(&self, logits: &[f32], classes: usize) -> Totals {
        let mut totals = batch_totals(logits, &self.targets, classes);
        if let Some((probabilities, Teacher { weight, temperature, .. })) = &self.soft {
            let warm: Vec<f32> = logits.iter().map(|z| z / temperature).collect();
            let soft = f64::from(weight * temperature * temperature) * batch_totals(&warm, probabilities, classes).loss;
            totals.loss = f64::from(1.0 - weight) * totals.loss + soft;
        }
        totals
    }
}
