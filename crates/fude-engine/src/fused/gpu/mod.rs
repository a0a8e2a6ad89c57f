//! The fused step on a GPU: hand-written WGSL, a whole step in three dispatches where the network is small.
//!
//! The first layer's product from the images' bytes; the small last layers forward, loss and back in one dispatch; the
//! weight gradients with Adam in them. `shaders/README.md` lists the shaders, `schedule` says which of them a model needs.

pub(crate) mod check;
mod evaluate;
mod images;
mod kernel;
mod kernels;
mod open;
mod pace;
mod places;
mod read;
mod record;
mod schedule;
mod train;
mod tuning;
mod weights;
mod workspace;

pub(crate) use images::Packed;
pub(crate) use open::Gpu;

use super::cpu::train::check as require_plans;
use crate::device::GpuDevice;
use crate::{
    Control, Determinism, DeviceData, DeviceKind, Engine, EngineError, EngineInfo, EngineSpec, EpochPlan, Logits,
    OptimizerSpec, Progressed, Totals, TrainState, View, Weights as WhichWeights,
};
use evaluate::Evaluation;
use fude_model::{MlpConfig, Normalization};
use kernels::{Constants, Kernels};
use pace::{MAX_STEPS, Pace};
use places::Places;
use schedule::{Network, Tail, training};
use std::ops::Range;
use std::sync::Arc;
use weights::Weights;
use workspace::{Purpose, Workspace};

/// Models that one step's numbers have room for.
const MAX_MODELS: usize = 32;

/// Trains M models on a GPU.
pub(super) struct GpuEngine {
    info: EngineInfo,
    gpu: Arc<Gpu>,
    model: MlpConfig,
    optimizer: OptimizerSpec,
    train: DeviceData,
    tail: Tail,
    kernels: Kernels,
    weights: Weights,
    training: Option<Training>,
    evaluation: Option<Evaluation>,
}

/// Buffers for batches of a size.
struct Training {
    workspace: Workspace,
    staging: Vec<wgpu::Buffer>,
    pace: Pace,
    /// Whether every submission was waited for: false where a call ended early, by an error or a panic.
    settled: bool,
}

impl GpuEngine {
    pub(super) fn new(device: &GpuDevice, spec: EngineSpec) -> Result<Self, EngineError> {
        let EngineSpec { model, optimizer, label_smoothing, ema_decay, clip_norm, parameters, train } = spec;
        assert!(train.labels().iter().all(|&label| usize::from(label) < model.outputs), "a label is no class");
        if clip_norm.is_some() {
            return Err(beyond("clips no gradients"));
        }
        if parameters.len() > MAX_MODELS {
            let why = format!("trains at most {MAX_MODELS} models at once on a GPU, these are {}", parameters.len());
            return Err(EngineError::Unsupported { engine: "fused", why });
        }
        let gpu = device.fused();
        let places = Places::new(&model.layout());
        let tail = Tail::new(&places, &gpu.tuning);
        let constants =
            Constants { model: &model, optimizer: &optimizer, smoothing: label_smoothing, ema_decay, tail: &tail };
        let kernels = Kernels::new(&gpu, &constants)?;
        let weights = Weights::new(&gpu, places, &parameters, ema_decay.is_some())?;
        let network = Network { places: &weights.places, tail, normalizes: normalizes(&model) };
        let dispatches = training(&network, 1, kernels.tile, &gpu.tuning).len();
        let info = EngineInfo {
            engine: "fused",
            device: device.adapter.name.clone(),
            device_kind: DeviceKind::Gpu,
            detail: format!("{}, {}", device.adapter.api, device.adapter.driver),
            dispatches_per_step: Some(dispatches as u32),
            device_bytes: Some(weights.bytes()),
            determinism: Determinism::Bitwise,
            models: parameters.len(),
        };
        Ok(Self { info, gpu, model, optimizer, train, tail, kernels, weights, training: None, evaluation: None })
    }

    /// Makes room for batches of `batch` samples. Exactly: how products are cut, and so their bits, depends on it.
    fn reserve(&mut self, batch: usize) -> Result<(), EngineError> {
        if self.training.as_ref().is_some_and(|training| training.workspace.rows.batch == batch) {
            return Ok(());
        }
        let (gpu, kernels, places) = (&self.gpu, &self.kernels, &self.weights.places);
        let network = self.network();
        let purpose = Purpose {
            tail: self.tail,
            normalizes: network.normalizes,
            dispatches: training(&network, batch, kernels.tile, &gpu.tuning),
            batch,
            models: self.info.models,
            permutation: Some(self.train.len()),
            steps: MAX_STEPS,
        };
        let mut workspace = Workspace::new(gpu, kernels, places, purpose)?;
        let images = kernel::Buffers::from([("images", self.train.packed(gpu)?.buffer.clone())]);
        workspace.bind(gpu, kernels, &[&self.weights.buffers, &images])?;
        let staging = train::staging(gpu, &workspace)?;
        let flops = self.model.training_flops_per_sample() * (batch * self.info.models) as f64;
        self.training = Some(Training { workspace, staging, pace: Pace::new(flops), settled: true });
        self.count_bytes();
        Ok(())
    }

    fn network(&self) -> Network<'_> {
        Network { places: &self.weights.places, tail: self.tail, normalizes: normalizes(&self.model) }
    }

    fn count_bytes(&mut self) {
        let training = self.training.as_ref().map_or(0, |training| training.workspace.bytes());
        let evaluation = self.evaluation.as_ref().map_or(0, Evaluation::bytes);
        self.info.device_bytes = Some(self.weights.bytes() + training + evaluation);
    }
}

impl Engine for GpuEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn train(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError> {
        require_plans(plans, &steps, self.info.models, self.train.len(), self.model.outputs);
        let plain = |plan: &EpochPlan| plan.augmentation.is_none() && plan.mixup.is_empty() && plan.teacher.is_none();
        if !plans.iter().all(plain) {
            return Err(beyond("knows no augmentation, mixup or teacher"));
        }
        let alike =
            |plan: &EpochPlan| (plan.batch, plan.permutation.len()) == (plans[0].batch, plans[0].permutation.len());
        assert!(plans.iter().all(alike), "models trained at once have batches and permutations of one size");
        if steps.start == 0 {
            self.weights.accounts.iter_mut().for_each(|account| account.totals = Totals::default());
        }
        self.reserve(plans.first().map_or(0, |plan| plan.batch as usize))?;
        let Some(Training { workspace, staging, pace, settled }) = &mut self.training else { return Err(no_room()) };
        if !std::mem::replace(settled, false) {
            *staging = train::staging(&self.gpu, workspace)?;
        }
        let run = train::Run {
            gpu: &self.gpu,
            kernels: &self.kernels,
            workspace,
            weights: &mut self.weights,
            optimizer: &self.optimizer,
            plans,
            labels: self.train.labels(),
            pace,
            staging,
        };
        let progressed = run.steps(steps, control)?;
        *settled = true;
        Ok(progressed)
    }

    fn logits(&mut self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let averaged = view.weights == WhichWeights::Ema;
        if averaged && !self.weights.averaged {
            return Err(EngineError::Unsupported { engine: "fused", why: "keeps no average of these weights".into() });
        }
        images.require_fit(self.model.inputs, self.model.outputs)?;
        if images.is_empty() {
            return Ok(Logits { classes: self.model.outputs, values: Vec::new() });
        }
        if view.deformed.is_some() {
            return Err(beyond("deforms no images"));
        }
        let (gpu, kernels) = (&self.gpu, &self.kernels);
        if self.evaluation.is_none() {
            self.evaluation = Some(Evaluation::new(gpu, kernels, &self.network())?);
        }
        let Some(evaluation) = &mut self.evaluation else { return Err(no_room()) };
        let packed = images.packed(gpu)?;
        let logits = evaluation.run(gpu, kernels, &self.weights, (model, averaged), packed, images.len());
        self.count_bytes();
        logits
    }

    fn state(&mut self, model: usize) -> Result<TrainState, EngineError> {
        self.weights.save(&self.gpu, model)
    }

    fn load_state(&mut self, model: usize, state: &TrainState) -> Result<(), EngineError> {
        self.weights.load(&self.gpu, model, state)
    }
}

/// Why a GPU cannot train such a model, in words that follow "engine 'fused'"; none where it can.
pub(super) fn unsupported(gpu: &Gpu, model: &MlpConfig) -> Option<String> {
    let bytes = 16 * Places::new(&model.layout()).weights as u64;
    let most = gpu.largest_binding();
    (bytes > most)
        .then(|| format!("needs {} MB for the weights, a shader of this GPU sees {}", bytes >> 20, most >> 20))
}

/// What the fused engine does on the CPU and not here.
fn beyond(what: &str) -> EngineError {
    EngineError::Unsupported { engine: "fused", why: format!("{what} on a GPU; engine 'burn' does") }
}

fn normalizes(model: &MlpConfig) -> bool {
    model.normalization == Normalization::Layer
}

fn no_room() -> EngineError {
    EngineError::Device("it has no buffers for this".into())
}
