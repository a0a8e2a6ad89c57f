//! A run from its first epoch to its summary.

use crate::checkpoint_writer::CheckpointWriter;
use crate::epoch::{EpochControl, ProgressClock};
use crate::summarise::{FinalScores, summarise};
use crate::{
    Checkpoint, Observer, Patience, Pins, Prepared, Progress, Scored, StopFlag, TrainError, Verdict, epoch_plan, score,
};
use fude_engine::{
    Device, DeviceData, Engine, EngineError, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, Totals, TrainState,
};
use fude_model::{ModelFile, Parameters, initialise};
use fude_record::{EpochRecord, Event, Experiment, Monitor, Optimizer, RunFolder, Summary, file, write_atomically};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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
}

impl TrainRequest {
    /// Takes the model's inputs and outputs from the data; writes nothing.
    ///
    /// # Errors
    /// Parameters to start from, or a checkpoint to go on from, that do not fit.
    pub fn fit(&mut self) -> Result<(), TrainError> {
        let model = &mut self.experiment.model;
        (model.inputs, model.outputs) = (self.data.train.inputs(), self.data.outputs());
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
        if let Some(kind) = self.engine {
            fude_engine::require_support(kind, &self.device, &self.experiment.model)?;
        }
        self.resume.as_ref().map_or(Ok(()), |checkpoint| checkpoint.require_data(&self.data))
    }
}

/// How a run ended.
pub enum Outcome {
    /// It came to its end.
    Finished {
        /// What it reached.
        summary: Box<Summary>,
        /// The scores of the final weights on the test split, or the validation split where there is no test.
        scored: Option<Scored>,
    },
    /// It was asked to end before; its checkpoint is written.
    Interrupted(Progress),
}

/// Runs an experiment.
///
/// # Errors
/// Whatever ends a run without a result; the last good checkpoint stays.
pub fn train(request: TrainRequest, observer: &mut dyn Observer, stop: &StopFlag) -> Result<Outcome, TrainError> {
    Session::new(request, observer, stop)?.run()
}

/// A run in progress.
struct Session<'a> {
    experiment: Experiment,
    data: Prepared,
    on_device: Splits,
    engine: Box<dyn Engine>,
    pins: Pins,
    folder: Option<RunFolder>,
    writer: Option<CheckpointWriter>,
    checkpoint_at: Option<Instant>,
    observer: &'a mut dyn Observer,
    stop: &'a StopFlag,
    clock: ProgressClock,
    started: Instant,
    /// Seconds of earlier parts of a resumed run.
    seconds_before: f64,
    progress: Progress,
    records: Vec<EpochRecord>,
    patience: Patience,
    best: Option<Vec<f32>>,
    stopped_early: bool,
}

/// The splits on the engine's device.
struct Splits {
    train: DeviceData,
    validation: Option<DeviceData>,
    test: Option<DeviceData>,
}

/// How an epoch's training ended.
enum EpochEnd {
    Done { totals: Totals, seconds: f64 },
    Interrupted,
}

impl<'a> Session<'a> {
    fn new(mut request: TrainRequest, observer: &'a mut dyn Observer, stop: &'a StopFlag) -> Result<Self, TrainError> {
        request.fit()?;
        let TrainRequest { experiment, data, device, engine, folder, resume, init } = request;
        let on_device = Splits::upload(&data, &device)?;
        let parameters = init.unwrap_or_else(|| initialise(&experiment.model, experiment.train.seed));
        let spec = engine_spec(&experiment, parameters, on_device.train.clone());
        if engine.is_none()
            && let (_, Some(why)) = fude_engine::choose_engine(&device, &experiment.model)
        {
            observer.event(&Event::Note(why));
        }
        let engine = fude_engine::build(engine, &device, spec)?;
        let pins = pins(engine.as_ref(), &data);
        let mut session = Self {
            patience: Patience::new(&experiment),
            experiment,
            data,
            on_device,
            engine,
            pins,
            writer: folder.clone().map(CheckpointWriter::new),
            folder,
            checkpoint_at: None,
            observer,
            stop,
            clock: ProgressClock::new(),
            started: Instant::now(),
            seconds_before: 0.0,
            progress: Progress::default(),
            records: Vec::new(),
            best: None,
            stopped_early: false,
        };
        match resume {
            Some(checkpoint) => session.resume(checkpoint)?,
            None => session.begin()?,
        }
        session.announce();
        session.schedule_checkpoint();
        Ok(session)
    }

    fn run(mut self) -> Result<Outcome, TrainError> {
        while !self.stopped_early && self.progress.epoch < self.experiment.train.epochs {
            let plan = epoch_plan(&self.experiment.train, self.progress.epoch, self.data.train.len());
            match self.train_epoch(&plan)? {
                EpochEnd::Interrupted => return self.interrupt(),
                EpochEnd::Done { totals, seconds } => {
                    let record = self.evaluate(&plan, &totals, seconds)?;
                    self.record(record)?;
                }
            }
            if self.stop.is_set() && self.progress.epoch < self.experiment.train.epochs && !self.stopped_early {
                return self.interrupt();
            }
        }
        self.finish()
    }

    /// Trains what is left of the epoch, pausing for checkpoints.
    fn train_epoch(&mut self, plan: &EpochPlan) -> Result<EpochEnd, TrainError> {
        let steps = plan.steps();
        loop {
            let start = Instant::now();
            let mut control = EpochControl {
                observer: self.observer,
                stop: self.stop,
                checkpoint_at: self.checkpoint_at,
                clock: &mut self.clock,
                epoch: plan.epoch + 1,
                batch: plan.batch,
            };
            let progressed = self.engine.train(std::slice::from_ref(plan), self.progress.step..steps, &mut control)?;
            self.progress.step = progressed.steps_done;
            self.progress.step_seconds += start.elapsed().as_secs_f64();
            if progressed.steps_done == steps {
                return Ok(EpochEnd::Done { totals: progressed.totals[0], seconds: self.progress.step_seconds });
            }
            if self.stop.is_set() {
                return Ok(EpochEnd::Interrupted);
            }
            self.write_checkpoint()?;
        }
    }

    /// The epoch's record: training sums, and the splits that the experiment evaluates each epoch.
    fn evaluate(&mut self, plan: &EpochPlan, totals: &Totals, seconds: f64) -> Result<EpochRecord, TrainError> {
        let engine = self.engine.as_mut();
        let validation = self.on_device.validation.as_ref().map(|images| score(engine, images)).transpose()?;
        let each_epoch = self.experiment.eval.test_each_epoch;
        let test =
            self.on_device.test.as_ref().filter(|_| each_epoch).map(|images| score(engine, images)).transpose()?;
        let samples = totals.samples.max(1) as f64;
        for scored in [&validation, &test].into_iter().flatten() {
            require_finite(scored.evaluation.loss, plan)?;
        }
        Ok(EpochRecord {
            epoch: plan.epoch + 1,
            train_loss: totals.loss / samples,
            train_accuracy: totals.correct as f64 / samples,
            val_loss: validation.as_ref().map(|scored| scored.evaluation.loss),
            val_accuracy: validation.as_ref().map(|scored| scored.evaluation.accuracy),
            test_loss: test.as_ref().map(|scored| scored.evaluation.loss),
            test_accuracy: test.as_ref().map(|scored| scored.evaluation.accuracy),
            learning_rate: plan.learning_rate.last().map_or(0.0, |&rate| f64::from(rate)),
            seconds,
        })
    }

    /// Writes the epoch down and decides what it means.
    fn record(&mut self, record: EpochRecord) -> Result<(), TrainError> {
        if let Some(folder) = &self.folder {
            folder.append_metrics(&record)?;
        }
        self.observer.event(&Event::Epoch(record.clone()));
        match self.patience.observe(&record) {
            Verdict::Best if self.restores_best() => self.best = Some(self.parameters()?),
            Verdict::Stop => self.stopped_early = true,
            _ => {}
        }
        self.records.push(record);
        self.progress = Progress { epoch: self.progress.epoch + 1, step: 0, step_seconds: 0.0, seconds: 0.0 };
        if self.checkpoint_at.is_some_and(|at| Instant::now() >= at) {
            self.write_checkpoint()?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Outcome, TrainError> {
        // Before the best weights are restored: a finished run that is extended goes on from its last epoch.
        self.write_checkpoint()?;
        let restored = self.restore_best()?;
        let parameters = self.parameters()?;
        let scores = self.final_scores()?;
        let summary = self.summary(&scores, restored);
        if let Some(folder) = &self.folder {
            let path = folder.file(file::MODEL);
            let bytes = self.model_file(parameters, &summary).to_bytes()?;
            write_atomically(&path, &bytes)
                .map_err(|source| fude_record::RunFolderError::Io { path: path.clone(), source })?;
        }
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        if let Some(folder) = &self.folder {
            folder.write_summary(&summary)?;
        }
        self.observer.event(&Event::Finished(Box::new(summary.clone())));
        Ok(Outcome::Finished { summary: Box::new(summary), scored: scores.test.or(scores.validation) })
    }

    fn interrupt(mut self) -> Result<Outcome, TrainError> {
        self.write_checkpoint()?;
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        Ok(Outcome::Interrupted(self.progress))
    }

    fn final_scores(&mut self) -> Result<FinalScores, TrainError> {
        let engine = self.engine.as_mut();
        let mut scored = |images: Option<&DeviceData>| images.map(|images| score(engine, images)).transpose();
        Ok(FinalScores {
            train: scored(Some(&self.on_device.train))?,
            validation: scored(self.on_device.validation.as_ref())?,
            test: scored(self.on_device.test.as_ref())?,
        })
    }

    /// Puts the best epoch's weights back where the experiment asks for it.
    fn restore_best(&mut self) -> Result<bool, TrainError> {
        let Some(best) = self.best.clone() else { return Ok(false) };
        let mut state = self.engine.state(0)?;
        state.put(TrainState::PARAMETERS, best);
        self.engine.load_state(0, &state)?;
        Ok(true)
    }

    fn restores_best(&self) -> bool {
        self.experiment.early_stopping.as_ref().is_some_and(|stopping| stopping.restore_best)
    }

    fn parameters(&mut self) -> Result<Vec<f32>, TrainError> {
        let mut state = self.engine.state(0)?;
        Ok(state.tensors.remove(TrainState::PARAMETERS).map(|tensor| tensor.values).unwrap_or_default())
    }

    fn write_checkpoint(&mut self) -> Result<(), TrainError> {
        self.schedule_checkpoint();
        self.progress.seconds = self.seconds();
        let Some(writer) = &self.writer else { return Ok(()) };
        let state = self.engine.state(0)?;
        self.require_finite_state(&state)?;
        let checkpoint = Checkpoint {
            progress: self.progress,
            pins: self.pins.clone(),
            records: self.records.clone(),
            state,
            best: self.best.clone(),
        };
        if let Some(error) = writer.write(checkpoint) {
            self.observer.event(&Event::Warning(format!("a checkpoint could not be written: {error}")));
        }
        Ok(())
    }

    /// A step's loss is that before its update, so an update can leave weights that are no numbers behind a good loss.
    /// Such a state must not replace the last good checkpoint.
    fn require_finite_state(&self, state: &TrainState) -> Result<(), EngineError> {
        if state.tensors.values().all(|tensor| tensor.values.iter().all(|value| value.is_finite())) {
            return Ok(());
        }
        let (epoch, step) = match self.progress {
            Progress { epoch, step: 0, .. } => (epoch, self.steps()),
            Progress { epoch, step, .. } => (epoch + 1, step),
        };
        Err(EngineError::NonFinite { model: 0, epoch, step, loss: f64::NAN })
    }

    fn steps(&self) -> u32 {
        self.data.train.len().div_ceil(self.experiment.train.batch as usize) as u32
    }

    fn schedule_checkpoint(&mut self) {
        let seconds = Duration::from_secs_f64(self.experiment.checkpoint.seconds.min(1e9));
        self.checkpoint_at = self.writer.as_ref().map(|_| Instant::now() + seconds);
    }

    fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Forgets the epochs of a run that was killed before its first checkpoint, and writes that one at once: it holds
    /// the parameters to start from, wherever they came from, and what the run is pinned to.
    fn begin(&mut self) -> Result<(), TrainError> {
        if let Some(folder) = &self.folder {
            folder.rewrite_metrics(&[])?;
        }
        self.write_checkpoint()
    }

    /// Takes over where a checkpoint left off.
    fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        let differences = checkpoint.pins.differences(&self.pins);
        if !differences.is_empty() {
            let text = format!("resumed under other conditions, so bits will differ ({})", differences.join("; "));
            self.observer.event(&Event::Warning(text));
        }
        self.engine.load_state(0, &checkpoint.state)?;
        self.seconds_before = checkpoint.progress.seconds;
        self.progress = checkpoint.progress;
        self.best = checkpoint.best;
        for record in &checkpoint.records {
            self.stopped_early = self.patience.observe(record) == Verdict::Stop;
        }
        if let Some(folder) = &self.folder {
            folder.rewrite_metrics(&checkpoint.records)?;
        }
        self.records = checkpoint.records;
        Ok(())
    }

    /// Tells what the user should know before the first step.
    fn announce(&mut self) {
        let mut events: Vec<Event> = self.data.warnings.iter().cloned().map(Event::Warning).collect();
        events.extend(self.data.notes.iter().cloned().map(Event::Note));
        if self.experiment.eval.test_each_epoch {
            let selects = selects_on_test(&self.experiment);
            events.push(Event::Warning(if selects {
                "this experiment stops early on the TEST loss, as the published study did: its test figures are \
                 selected on the test split and measure nothing new"
                    .into()
            } else {
                "this experiment looks at the test split after each epoch, as the published study did; nothing is \
                 selected on it"
                    .into()
            }));
        }
        events.push(Event::Started {
            folder: self.folder.as_ref().map(|folder| folder.path().to_owned()),
            epochs_done: self.progress.epoch,
            epochs: self.experiment.train.epochs,
            steps: self.steps(),
        });
        for event in &events {
            self.observer.event(event);
        }
    }

    fn summary(&self, scores: &FinalScores, restored_best: bool) -> Summary {
        let mut summary = summarise(&self.experiment, &self.data, self.engine.info(), &self.records, scores);
        summary.stopped_early = self.stopped_early;
        summary.best_epoch = self.patience.best_epoch();
        summary.restored_best = restored_best;
        summary.selected_on_test = selects_on_test(&self.experiment);
        summary.seconds = self.seconds();
        summary
    }

    fn model_file(&self, values: Vec<f32>, summary: &Summary) -> ModelFile {
        let config = self.experiment.model.clone();
        let metadata = BTreeMap::from([
            ("fude_version".to_owned(), summary.version.clone()),
            ("experiment".to_owned(), summary.experiment.clone()),
            ("dataset".to_owned(), summary.dataset.clone()),
            ("classes".to_owned(), self.data.classes.join("\n")),
            ("image_height".to_owned(), self.data.train.height.to_string()),
            ("image_width".to_owned(), self.data.train.width.to_string()),
            ("seed".to_owned(), summary.seed.to_string()),
            ("epochs".to_owned(), summary.epochs.to_string()),
        ]);
        ModelFile { parameters: Parameters { layout: config.layout(), values }, config, metadata }
    }
}

fn selects_on_test(experiment: &Experiment) -> bool {
    experiment.early_stopping.as_ref().is_some_and(|stopping| stopping.monitor == Monitor::TestLoss)
}

impl Splits {
    fn upload(data: &Prepared, device: &Device) -> Result<Self, EngineError> {
        let classes = data.outputs();
        let upload = |split: &std::sync::Arc<fude_data::Split>| DeviceData::upload(split.clone(), classes, device);
        Ok(Self {
            train: upload(&data.train)?,
            validation: data.validation.as_ref().map(upload).transpose()?,
            test: data.test.as_ref().map(upload).transpose()?,
        })
    }
}

fn engine_spec(experiment: &Experiment, parameters: Parameters, train: DeviceData) -> EngineSpec {
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
        parameters: vec![parameters],
        train,
    }
}

fn pins(engine: &dyn Engine, data: &Prepared) -> Pins {
    let info = engine.info();
    Pins {
        engine: info.engine.to_owned(),
        device: info.device.clone(),
        detail: info.detail.clone(),
        data: data.fingerprint(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn require_finite(loss: f64, plan: &EpochPlan) -> Result<(), EngineError> {
    if loss.is_finite() {
        return Ok(());
    }
    Err(EngineError::NonFinite { model: 0, epoch: plan.epoch + 1, step: plan.steps(), loss })
}
