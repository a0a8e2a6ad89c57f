//! What shaders are checked on.

use crate::{Device, DeviceData, EngineError, EngineSpec, EpochPlan, OptimizerSpec};
use fude_data::Split;
use fude_model::{Activation, MlpConfig, Normalization, initialise};
use fude_random::{Stream, philox4x32, shuffle};
use std::sync::Arc;

/// A model and a batch.
#[derive(Clone, Debug)]
pub struct CheckCase {
    /// The model.
    pub model: MlpConfig,
    /// B.
    pub batch: usize,
    /// Rows of the step that is checked; fewer than B in an epoch's last step.
    pub rows: usize,
    /// M.
    pub models: usize,
    /// Label smoothing.
    pub smoothing: f32,
    /// The update rule.
    pub optimizer: OptimizerSpec,
}

impl CheckCase {
    /// A case with dropout, smoothing and decay, so that all of it is looked at.
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize, batch: usize, rows: usize) -> Self {
        let model = MlpConfig { inputs, hidden: hidden.to_vec(), outputs, dropout: 0.2, ..Default::default() };
        let optimizer = OptimizerSpec { weight_decay: 1e-3, ..Default::default() };
        Self { model, batch, rows, models: 1, smoothing: 0.1, optimizer }
    }

    /// What is looked at: the study's models, every activation, odd sizes, layers too large for the tail,
    /// several models at once.
    pub fn usual() -> Vec<Self> {
        let activation = |activation, case: Self| Self { model: MlpConfig { activation, ..case.model }, ..case };
        let normalized =
            |case: Self| Self { model: MlpConfig { normalization: Normalization::Layer, ..case.model }, ..case };
        vec![
            Self::new(784, &[128], 10, 128, 128),
            Self::new(784, &[256, 128, 64], 10, 128, 128),
            Self { models: 3, ..Self::new(784, &[256, 128, 64], 10, 33, 17) },
            Self::new(784, &[], 10, 16, 15),
            activation(Activation::Gelu, Self::new(1000, &[129, 17], 26, 64, 63)),
            activation(Activation::Tanh, Self::new(15, &[127, 16, 2, 1], 2, 17, 17)),
            activation(Activation::Gelu, Self::new(784, &[1000, 784], 10, 129, 128)),
            normalized(Self::new(784, &[1000, 100, 33], 10, 19, 18)),
            normalized(activation(Activation::Gelu, Self::new(100, &[256, 128, 63], 10, 33, 33))),
        ]
    }

    /// A short name.
    pub(super) fn name(&self) -> String {
        let Self { model, rows, batch, models, .. } = self;
        format!("{} {} {rows} of {batch} rows, {models} models", model.shape(), model.activation.name())
    }

    /// Images: those of one full batch, then those of the step that is checked.
    pub(super) fn images(&self) -> Arc<Split> {
        let count = self.batch + self.rows;
        let word = |i: usize| philox4x32([i as u32, 1, 0, 0], [5, 5])[0];
        let pixels = (0..count * self.model.inputs).map(|i| word(i).to_le_bytes()[0].saturating_sub(100)).collect();
        let labels = (0..count).map(|i| (word(i + 7) as usize % self.model.outputs) as u8).collect();
        Arc::new(Split { pixels, labels, height: 1, width: self.model.inputs })
    }

    pub(super) fn spec(&self, images: &Arc<Split>, device: &Device) -> Result<EngineSpec, EngineError> {
        let data = DeviceData::upload(Arc::clone(images), self.model.outputs, device)?;
        let parameters = (0..self.models as u32).map(|seed| initialise(&self.model, seed)).collect();
        let mut spec = EngineSpec::new(self.model.clone(), parameters, data);
        spec.label_smoothing = self.smoothing;
        spec.optimizer = self.optimizer.clone();
        Ok(spec)
    }

    /// One plan a model; the second step is the one that is checked.
    pub(super) fn plans(&self) -> Vec<EpochPlan> {
        let plan = |seed: u32| {
            let permutation = shuffle(seed, Stream::Shuffle, 3, self.batch + self.rows);
            EpochPlan::new(3, seed, self.batch as u32, permutation, vec![1e-3, 2e-3])
        };
        (0..self.models as u32).map(plan).collect()
    }
}
