//! The fused step on a GPU: hand-written WGSL, a whole step in three dispatches where the network is small.
//!
//! The first layer's product from the images' bytes; the small last layers forward, loss and back in one dispatch; the
//! weight gradients with Adam in them. `shaders/README.md` lists the shaders, `schedule` says which of them a model needs.

pub(crate) mod check;
mod evaluate;
mod grid;
mod images;
mod kernel;
mod kernels;
mod look;
mod needs;
mod open;
mod pace;
mod places;
mod read;
mod record;
mod schedule;
mod sizes;
mod slots;
mod train;
mod training;
mod tuning;
mod weights;
mod workspace;

pub(crate) use images::Packed;
pub(super) use needs::unsupported;
pub(crate) use open::Gpu;

use super::cpu::train::check as require_plans;
use crate::device::GpuDevice;
use crate::{
    Control, Determinism, DeviceData, DeviceKind, Engine, EngineError, EngineInfo, EngineSpec, EpochPlan, Logits,
    Progressed, Totals, TrainState, View, Weights as WhichWeights,
};
use evaluate::{Evaluation, Question};
use kernels::{Constants, Library};
use look::Look;
use places::Places;
use schedule::Tail;
use std::ops::Range;
use std::sync::Arc;
use training::Training;
use weights::Weights;

/// Models that one step's numbers have room for.
const MAX_MODELS: usize = 32;
/// Evaluations of different kinds that are kept: images as they are, and deformed ones.
const EVALUATIONS: usize = 2;

/// Trains M models on a GPU.
pub(super) struct GpuEngine {
    info: EngineInfo,
    gpu: Arc<Gpu>,
    constants: Constants,
    library: Library,
    train: DeviceData,
    weights: Weights,
    training: Option<Training>,
    evaluations: Vec<Evaluation>,
}

impl GpuEngine {
    pub(super) fn new(device: &GpuDevice, spec: EngineSpec) -> Result<Self, EngineError> {
        let EngineSpec { model, optimizer, label_smoothing, ema_decay, clip_norm, parameters, train } = spec;
        assert!(train.labels().iter().all(|&label| usize::from(label) < model.outputs), "a label is no class");
        let gpu = device.fused();
        let places = Places::new(&model.layout());
        let tail = Tail::new(&places, &gpu.tuning);
        let constants = Constants { model, optimizer, smoothing: label_smoothing, ema_decay, clip_norm, tail };
        let library = Library::new(constants.clone())?;
        let weights = Weights::new(&gpu, places, &parameters, ema_decay.is_some())?;
        let info = EngineInfo {
            engine: "fused",
            device: device.adapter.name.clone(),
            device_kind: DeviceKind::Gpu,
            detail: format!("{}, {}", device.adapter.api, device.adapter.driver),
            dispatches_per_step: None,
            device_bytes: Some(weights.bytes()),
            determinism: Determinism::Bitwise,
            models: parameters.len(),
        };
        let (training, evaluations) = (None, Vec::new());
        let mut engine = Self { info, gpu, constants, library, train, weights, training, evaluations };
        engine.info.dispatches_per_step = Some(engine.dispatches(false));
        Ok(engine)
    }

    fn dispatches(&self, floats: bool) -> u32 {
        schedule::training(
            &self.constants.network(&self.weights.places, floats),
            1,
            self.library.tiles.product,
            &self.gpu.tuning,
        )
        .len() as u32
    }

    /// Makes room for the plans' batches.
    fn reserve(&mut self, plans: &[EpochPlan]) -> Result<(), EngineError> {
        if self.training.as_ref().is_some_and(|training| training.fits(plans, &self.train)) {
            return Ok(());
        }
        // Before the new buffers are made.
        self.training = None;
        let floats = Look::of_plans(plans, &self.train.split).floats();
        let flops = self.constants.model.training_flops_per_sample();
        let network = self.constants.network(&self.weights.places, floats);
        let training = Training::new(&self.gpu, &mut self.library, &network, &self.weights, &self.train, plans, flops)?;
        self.info.dispatches_per_step = Some(training.workspace.purpose.dispatches.len() as u32);
        self.training = Some(training);
        self.count_bytes();
        Ok(())
    }

    fn count_bytes(&mut self) {
        let training = self.training.as_ref().map_or(0, |training| training.workspace.bytes());
        let evaluation: u64 = self.evaluations.iter().map(Evaluation::bytes).sum();
        self.info.device_bytes = Some(self.weights.bytes() + training + evaluation);
    }

    /// The evaluation that can answer a question, made where there is none.
    fn evaluation(&mut self, question: &Question) -> Result<usize, EngineError> {
        for (index, evaluation) in self.evaluations.iter().enumerate() {
            if evaluation.fits(&self.gpu, question)? {
                return Ok(index);
            }
        }
        if self.evaluations.len() == EVALUATIONS {
            self.evaluations.remove(0);
        }
        let network = self.constants.network(&self.weights.places, false);
        self.evaluations.push(Evaluation::new(&self.gpu, &mut self.library, &network, question)?);
        Ok(self.evaluations.len() - 1)
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
        require_plans(plans, &steps, self.info.models, self.train.len(), self.constants.model.outputs);
        let whole = |plan: &EpochPlan| plan.permutation.len() == self.train.len();
        let alike = plans.iter().all(|plan| whole(plan) && plan.trains_with(&plans[0]));
        assert!(alike, "models trained at once have plans of one kind");
        if steps.start == 0 {
            self.weights.accounts.iter_mut().for_each(|account| account.totals = Totals::default());
        }
        self.reserve(plans)?;
        let Some(training) = &mut self.training else { return Err(no_room()) };
        training.teach(&self.gpu, plans);
        if !std::mem::replace(&mut training.settled, false) {
            training.staging = train::staging(&self.gpu, &training.workspace)?;
        }
        let run = train::Run {
            gpu: &self.gpu,
            kernels: &training.kernels,
            workspace: &training.workspace,
            weights: &mut self.weights,
            optimizer: &self.constants.optimizer,
            plans,
            images: &self.train.split,
            pace: &mut training.pace,
            staging: &training.staging,
            diverged: Vec::new(),
        };
        let progressed = run.steps(steps, control)?;
        training.settled = true;
        Ok(progressed)
    }

    fn logits(&mut self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let averaged = view.weights == WhichWeights::Ema;
        if averaged && !self.weights.averaged {
            return Err(EngineError::Unsupported { engine: "fused", why: "keeps no average of these weights".into() });
        }
        let outputs = self.constants.model.outputs;
        images.require_fit(self.constants.model.inputs, outputs)?;
        if images.is_empty() {
            return Ok(Logits { classes: outputs, values: Vec::new() });
        }
        let question = Question { model, averaged, images, deformed: view.deformed };
        let evaluation = self.evaluation(&question)?;
        let logits = self.evaluations[evaluation].run(&self.gpu, &self.weights, &question);
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

fn no_room() -> EngineError {
    EngineError::Device("it has no buffers for this".into())
}
