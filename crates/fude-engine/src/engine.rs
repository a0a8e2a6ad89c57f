//! What an engine is.

use crate::{DeviceData, EngineError, EpochPlan, TrainState};
use std::ops::Range;

/// Trains and evaluates M models of one shape on one device. All state stays on the device between calls.
pub trait Engine: Send {
    /// What it is and where it runs.
    fn info(&self) -> &EngineInfo;

    /// Runs `steps` of the plans' epoch, one plan a model `[M]`, and returns early at a submission boundary where
    /// `control` asks for it. Totals count since the epoch's step 0.
    ///
    /// # Errors
    /// [`EngineError::NonFinite`] with the step whose loss was NaN or infinite; device errors. Where several models train
    /// on a GPU that is no error: the others go on, and [`Progressed::diverged`] tells of it.
    fn train(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError>;

    /// The logits `[N, O]` of one model for all images, dropout off.
    ///
    /// # Errors
    /// Device errors, images of another shape than the model's inputs, or an average that is not kept.
    fn logits(&mut self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError>;

    /// What a checkpoint of one model holds.
    ///
    /// # Errors
    /// Device errors.
    fn state(&mut self, model: usize) -> Result<TrainState, EngineError>;

    /// Puts one model back to a state that [`Engine::state`] gave.
    ///
    /// # Errors
    /// A tensor that is missing or of the wrong length; device errors.
    fn load_state(&mut self, model: usize, state: &TrainState) -> Result<(), EngineError>;
}

/// Facts about an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineInfo {
    /// `burn` or `fused`.
    pub engine: &'static str,
    /// The device's name.
    pub device: String,
    /// `gpu` or `cpu`.
    pub device_kind: crate::DeviceKind,
    /// The API (`Vulkan`, `Metal`, `Dx12`) or the SIMD level, and the thread count on the CPU.
    pub detail: String,
    /// GPU dispatches a step, where the engine decides them.
    pub dispatches_per_step: Option<u32>,
    /// Bytes it holds on the device beside the data, where known.
    pub device_bytes: Option<u64>,
    /// What a second run of the same plan gives.
    pub determinism: Determinism,
    /// M.
    pub models: usize,
}

/// What a second run with the same seed on the same machine gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Determinism {
    /// The same bits.
    Bitwise,
    /// The same up to rounding: kernels may be chosen by timing.
    Rounding,
}

impl Determinism {
    /// The word in summaries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bitwise => "bitwise",
            Self::Rounding => "rounding",
        }
    }
}

/// Asked at each submission boundary.
pub trait Control {
    /// `step` steps of the epoch are done: go on, or return to the caller?
    fn boundary(&mut self, step: u32) -> Flow;
}

/// An answer of [`Control::boundary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on with the next step.
    Continue,
    /// Return now.
    Return,
}

/// Every step, without interruption.
impl Control for () {
    fn boundary(&mut self, _step: u32) -> Flow {
        Flow::Continue
    }
}

/// How far [`Engine::train`] came.
#[derive(Clone, Debug, PartialEq)]
pub struct Progressed {
    /// Steps of the epoch that are done; the next call goes on from here.
    pub steps_done: u32,
    /// Sums since the epoch's step 0, one a model `[M]`.
    pub totals: Vec<Totals>,
    /// Models of several whose loss was no number, the first such step of each.
    pub diverged: Vec<Diverged>,
}

/// A step of a model whose loss was NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diverged {
    /// The model, of M.
    pub model: usize,
    /// The epoch, from 1.
    pub epoch: u32,
    /// The step within it, from 1.
    pub step: u32,
    /// NaN or an infinity.
    pub loss: f64,
}

impl From<Diverged> for EngineError {
    fn from(Diverged { model, epoch, step, loss }: Diverged) -> Self {
        Self::NonFinite { model, epoch, step, loss }
    }
}

impl Progressed {
    /// What one model of several would have been told alone.
    ///
    /// # Errors
    /// [`EngineError::NonFinite`] where its loss was no number.
    pub(crate) fn of_model(&self, model: usize) -> Result<Self, EngineError> {
        if let Some(&diverged) = self.diverged.iter().find(|diverged| diverged.model == model) {
            return Err(Diverged { model: 0, ..diverged }.into());
        }
        Ok(Self { steps_done: self.steps_done, totals: vec![self.totals[model]], diverged: Vec::new() })
    }
}

/// Sums over an epoch's training samples, dropout active.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Sum of the samples' losses in nats.
    pub loss: f64,
    /// Samples whose largest logit was the label's.
    pub correct: u64,
    /// Samples seen.
    pub samples: u64,
}

/// How images are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View<'a> {
    /// With which weights.
    pub weights: Weights,
    /// Deformed as in a training epoch: for test-time augmentation, and for a teacher that sees what its student sees.
    pub deformed: Option<Deformed<'a>>,
}

/// The deformation of an epoch: image n is deformed as sample n of that epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deformed<'a> {
    /// The ranges.
    pub augmentation: &'a crate::Augmentation,
    /// The key of the draws.
    pub seed: u32,
    /// Their epoch.
    pub epoch: u32,
}

impl View<'_> {
    /// The weights that are trained, images as they are.
    pub const PLAIN: View<'static> = View { weights: Weights::Current, deformed: None };
    /// The weights' average, images as they are.
    pub const EMA: View<'static> = View { weights: Weights::Ema, deformed: None };
}

/// Which weights to evaluate with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// Those that are trained.
    #[default]
    Current,
    /// Their exponential moving average, where the engine keeps one.
    Ema,
}

/// Logits of N images.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    /// O.
    pub classes: usize,
    /// `[N, O]` row by row.
    pub values: Vec<f32>,
}

impl Logits {
    /// The class with the largest logit of each image, `[N]`; the lowest index where several are equal.
    pub fn predictions(&self) -> impl Iterator<Item = usize> {
        let largest =
            |row: &[f32]| (0..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best });
        self.values.chunks_exact(self.classes).map(largest)
    }
}
