//! What a run is asked for, and what of it can be refused before anything is written.

use crate::engine_choice::needs;
use crate::seen::require_unseen;
use crate::teachers::read_all;
use crate::{Checkpoint, Prepared, TrainError};
use fude_data::Split;
use fude_engine::{Device, DeviceData, EngineKind, EngineSpec, OptimizerSpec, Seat};
use fude_model::{InputScale, Parameters};
use fude_record::{Experiment, Monitor, Optimizer, RunFolder};
use std::sync::Arc;

/// What to train, on what, and where to leave it.
pub struct TrainRequest {
    /// The experiment, defaults filled in; its model's inputs and outputs are taken from the data.
    pub experiment: Experiment,
    /// Its data.
    pub data: Prepared,
    /// The device.
    pub device: Device,
    /// The engine; none takes the default.
    pub engine: Option<EngineKind>,
    /// Where to leave the run; none leaves nothing.
    pub folder: Option<RunFolder>,
    /// Where to go on from.
    pub resume: Option<Checkpoint>,
    /// Parameters to start from instead of random ones.
    pub init: Option<Parameters>,
    /// A seat among runs that train at once on a GPU, in one engine where they are alike.
    pub seat: Option<Arc<Seat>>,
    /// Whether it has been fitted.
    pub fitted: Fitted,
}

/// Whether [`TrainRequest::fit`] has been through: it reads teachers and their data, which once is enough for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fitted(bool);

impl TrainRequest {
    /// A run from random parameters that leaves nothing, on the default engine.
    pub fn new(experiment: Experiment, data: Prepared, device: Device) -> Self {
        Self {
            experiment,
            data,
            device,
            engine: None,
            folder: None,
            resume: None,
            init: None,
            seat: None,
            fitted: Fitted(false),
        }
    }

    /// Takes the model's inputs and outputs from the data; writes nothing.
    ///
    /// # Errors
    /// Parameters to start from, or a checkpoint to go on from, that do not fit; a teacher that no engine takes; a
    /// teacher, or a model to prune, that has seen the test images.
    pub fn fit(&mut self) -> Result<(), TrainError> {
        if self.fitted.0 {
            return Ok(());
        }
        fit_to_data(&mut self.experiment, &self.data);
        if let (Some(_), Some(from)) = (&self.init, pruned_from(&self.experiment).first()) {
            let why =
                format!("there are other weights to start from than those of prune.from, {from}: give one of them");
            return Err(TrainError::Mismatch(why));
        }
        if self.init.is_none() && self.resume.is_none() {
            self.init = crate::prune::start(&self.experiment, &self.data)?;
            self.require_unseen("prune.from", &pruned_from(&self.experiment))?;
        }
        let model = &self.experiment.model;
        let expected = model.layout();
        if let Some(init) = self.init.as_ref().filter(|init| init.layout != expected) {
            return Err(TrainError::Mismatch(format!(
                "the parameters to start from have another shape: expected {} parameters for {}, found {}",
                expected.parameters(),
                model.shape(),
                init.layout.parameters()
            )));
        }
        self.experiment.validate().map_err(|error| TrainError::Mismatch(error.to_string()))?;
        if selects_on_test(&self.experiment) && self.data.test.is_none() {
            let why = format!("early stopping watches the test loss, and {} has no test split", self.data.dataset);
            return Err(TrainError::Mismatch(why));
        }
        let needs = needs(&self.experiment, &self.data);
        let kind = self.engine.unwrap_or_else(|| fude_engine::choose_engine(&self.device, &needs).0);
        fude_engine::require_support(kind, &self.device, &needs)?;
        if let Some(distill) = &self.experiment.distill {
            read_all(distill, &self.data, (kind, &self.device))?;
            let teachers = distill.teachers.clone();
            self.require_unseen("teacher", &teachers)?;
        }
        self.resume.as_ref().map_or(Ok(()), |checkpoint| checkpoint.require_data(&self.data))?;
        self.fitted = Fitted(true);
        Ok(())
    }

    /// Refuses models that have seen the test images; what else there is to say of them becomes warnings.
    fn require_unseen(&mut self, role: &str, models: &[String]) -> Result<(), TrainError> {
        self.data.warnings.extend(require_unseen(role, models, &self.data)?);
        Ok(())
    }
}

/// The model whose weights a pruning experiment starts from, where it names one.
fn pruned_from(experiment: &Experiment) -> Vec<String> {
    experiment.prune.iter().filter_map(|prune| prune.from.clone()).collect()
}

/// Takes the model's inputs, outputs and input scale from the data.
pub fn fit_to_data(experiment: &mut Experiment, data: &Prepared) {
    let model = &mut experiment.model;
    (model.inputs, model.outputs) = (data.train.inputs(), data.outputs());
    if experiment.data.standardize {
        model.input = standardising(&data.train);
    }
}

/// Whether the run's end is decided on the test split.
pub(crate) fn selects_on_test(experiment: &Experiment) -> bool {
    experiment.early_stopping.as_ref().is_some_and(|stopping| stopping.monitor == Monitor::TestLoss)
}

/// What an engine is to train: models of the experiment, one for each of these initial parameters `[M]`.
pub fn engine_spec(experiment: &Experiment, parameters: Vec<Parameters>, train: DeviceData) -> EngineSpec {
    let config = &experiment.train;
    EngineSpec {
        model: experiment.model.clone(),
        optimizer: OptimizerSpec {
            beta1: config.beta1 as f32,
            beta2: config.beta2 as f32,
            epsilon: config.epsilon as f32,
            weight_decay: config.weight_decay as f32,
            decoupled: config.optimizer == Optimizer::AdamW,
        },
        label_smoothing: config.label_smoothing as f32,
        ema_decay: config.ema.map(|decay| decay as f32),
        clip_norm: config.clip_norm.map(|norm| norm as f32),
        parameters,
        train,
    }
}

/// Mean and standard deviation of all pixels; a constant set is only shifted.
fn standardising(images: &Split) -> InputScale {
    let mut counts = [0u64; 256];
    images.pixels.iter().for_each(|&pixel| counts[usize::from(pixel)] += 1);
    let moment = |power: i32| {
        let sum: f64 = (0..=255u8).map(|v| counts[usize::from(v)] as f64 * (f64::from(v) / 255.0).powi(power)).sum();
        sum / images.pixels.len().max(1) as f64
    };
    let (mean, square) = (moment(1), moment(2));
    let std = (square - mean * mean).max(0.0).sqrt();
    InputScale { mean, std: if std > 0.0 { std } else { 1.0 } }
}
