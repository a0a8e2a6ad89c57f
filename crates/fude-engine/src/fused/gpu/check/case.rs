//! What shaders are checked on.

use crate::{Augmentation, Device, DeviceData, EngineError, EngineSpec, EpochPlan, OptimizerSpec, Teacher};
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
    /// H and W of the images, whose product is the model's inputs.
    pub image: [usize; 2],
    /// How images are deformed.
    pub augmentation: Option<Augmentation>,
    /// Mixup's share of a row in its own input and target.
    pub mixed: Option<f32>,
    /// A teacher's share of the loss, and its temperature.
    pub teacher: Option<(f32, f32)>,
    /// The largest norm of the gradient.
    pub clip_norm: Option<f32>,
    /// Decay of the weights' average.
    pub ema_decay: Option<f32>,
}

impl CheckCase {
    /// A case with dropout, smoothing and decay, so that all of it is looked at.
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize, batch: usize, rows: usize) -> Self {
        let model = MlpConfig { inputs, hidden: hidden.to_vec(), outputs, dropout: 0.2, ..Default::default() };
        let optimizer = OptimizerSpec { weight_decay: 1e-3, ..Default::default() };
        let (augmentation, mixed, teacher, clip_norm, ema_decay) = (None, None, None, None, None);
        let image = [1, inputs];
        let (models, smoothing) = (1, 0.1);
        Self {
            model,
            batch,
            rows,
            models,
            smoothing,
            optimizer,
            image,
            augmentation,
            mixed,
            teacher,
            clip_norm,
            ema_decay,
        }
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
            Self::full(28, 28, &[100, 33]),
            Self { models: 2, ..Self::full(9, 14, &[]) },
            normalized(Self::new(784, &[1000, 100, 33], 10, 19, 18)),
            normalized(activation(Activation::Gelu, Self::new(100, &[256, 128, 63], 10, 33, 33))),
        ]
    }

    /// Everything at once: deformed and mixed images, a teacher, a clipped gradient, an average of the weights.
    pub fn full(height: usize, width: usize, hidden: &[usize]) -> Self {
        let augmentation = Augmentation {
            rotation: 12.0,
            scale: 0.1,
            shear: 0.1,
            shift: 2.0,
            mirror: 0.5,
            elastic: 1.2,
            elastic_sigma: 4.0,
            thickness: 0.5,
            erase: 0.5,
            erase_size: 0.4,
        };
        Self {
            image: [height, width],
            augmentation: Some(augmentation),
            mixed: Some(0.7),
            teacher: Some((0.6, 2.0)),
            clip_norm: Some(0.05),
            ema_decay: Some(0.99),
            ..Self::new(height * width, hidden, 10, 21, 19)
        }
    }

    /// A short name.
    pub(super) fn name(&self) -> String {
        let Self { model, rows, batch, models, .. } = self;
        let extra = if self.augmentation.is_some() { ", deformed" } else { "" };
        format!("{} {} {rows} of {batch} rows, {models} models{extra}", model.shape(), model.activation.name())
    }

    /// Images: those of one full batch, then those of the step that is checked.
    pub(super) fn images(&self) -> Arc<Split> {
        let count = self.batch + self.rows;
        let word = |i: usize| philox4x32([i as u32, 1, 0, 0], [5, 5])[0];
        let pixels = (0..count * self.model.inputs).map(|i| word(i).to_le_bytes()[0].saturating_sub(100)).collect();
        let labels = (0..count).map(|i| (word(i + 7) as usize % self.model.outputs) as u8).collect();
        let [height, width] = self.image;
        Arc::new(Split { pixels, labels, height, width })
    }

    pub(super) fn spec(&self, images: &Arc<Split>, device: &Device) -> Result<EngineSpec, EngineError> {
        let data = DeviceData::upload(Arc::clone(images), self.model.outputs, device)?;
        let parameters = (0..self.models as u32).map(|seed| initialise(&self.model, seed)).collect();
        let mut spec = EngineSpec::new(self.model.clone(), parameters, data);
        spec.label_smoothing = self.smoothing;
        spec.optimizer = self.optimizer.clone();
        (spec.clip_norm, spec.ema_decay) = (self.clip_norm, self.ema_decay);
        Ok(spec)
    }

    /// What a teacher says, `[N, O]`: rows that sum to 1.
    fn probabilities(&self, seed: u32) -> Vec<f32> {
        let classes = self.model.outputs;
        let row = |row: u32| {
            let word = move |o: u32| f64::from(philox4x32([row, o, 0, 0], [seed, 9])[0] >> 8) + 1.0;
            let total: f64 = (0..classes as u32).map(word).sum();
            (0..classes as u32).map(move |o| (word(o) / total) as f32)
        };
        (0..(self.batch + self.rows) as u32).flat_map(row).collect()
    }

    /// One plan a model; the second step is the one that is checked.
    pub(super) fn plans(&self) -> Vec<EpochPlan> {
        let plan = |seed: u32| {
            let permutation = shuffle(seed, Stream::Shuffle, 3, self.batch + self.rows);
            let plan = EpochPlan::new(3, seed, self.batch as u32, permutation, vec![1e-3, 2e-3]);
            EpochPlan {
                augmentation: self.augmentation.clone(),
                mixup: self.mixed.map_or(Vec::new(), |share| vec![1.0 - share, share]),
                teacher: self.teacher.map(|(weight, temperature)| Teacher {
                    probabilities: Arc::new(self.probabilities(seed)),
                    weight,
                    temperature,
                }),
                ..plan
            }
        };
        (0..self.models as u32).map(plan).collect()
    }
}
