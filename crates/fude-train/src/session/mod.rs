//! A run from its first epoch to its summary.

mod checkpoints;
mod ending;
mod layers;
mod pruning;
mod words;

use crate::checkpoint_writer::CheckpointWriter;
use crate::engine_choice::{choose_engine, needs};
use crate::epoch::{EpochControl, ProgressClock};
use crate::request::{TrainRequest, engine_spec};
use crate::splits::Splits;
use crate::teachers::Teachers;
use crate::{Observer, Patience, Pins, Prepared, Progress, Scored, StopFlag, TrainError, Verdict, epoch_plan, score};
use fude_engine::{Aside, Device, DeviceData, DeviceKind, Engine, EngineError, EngineKind, EpochPlan, Totals};
use fude_model::initialise;
use fude_record::{EpochRecord, Event, Experiment, RunFolder, Summary};
use std::time::Instant;

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
    device: Device,
    on_device: Splits,
    engine: Box<dyn Engine>,
    teachers: Option<Teachers>,
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
    /// The parameters at the running epoch's beginning, where the layers' statistics need them.
    before_epoch: Option<Vec<f32>>,
    stopped_early: bool,
    /// Where others train at once, and this run by itself.
    _aside: Option<Aside>,
}

/// How an epoch's training ended.
enum EpochEnd {
    Done { totals: Totals, seconds: f64 },
    Interrupted,
}

impl<'a> Session<'a> {
    fn new(mut request: TrainRequest, observer: &'a mut dyn Observer, stop: &'a StopFlag) -> Result<Self, TrainError> {
        request.fit()?;
        let TrainRequest { experiment, data, device, engine, folder, resume, init, seat, .. } = request;
        let kind = engine.unwrap_or_else(|| {
            let (kind, why) = choose_engine(&device, &experiment, &data);
            why.into_iter().for_each(|why| observer.event(&Event::Note(why)));
            kind
        });
        let (seat, aside) = match seat {
            Some(seat) if kind == EngineKind::Fused && device.kind() == DeviceKind::Gpu => (Some(seat), None),
            other => (None, other.map(|seat| seat.step_aside())),
        };
        let on_device = Splits::upload(&data, &device, seat.as_deref())?;
        let parameters = init.unwrap_or_else(|| initialise(&experiment.model, experiment.train.seed));
        let spec = engine_spec(&experiment, vec![parameters], on_device.train.clone());
        let engine = match seat {
            Some(seat) => seat.engine(&device, spec, &needs(&experiment, &data))?,
            None => fude_engine::build(Some(kind), &device, spec)?,
        };
        let teachers = experiment.distill.as_ref();
        let teachers =
            teachers.map(|config| Teachers::load(config, &data, (kind, &device), &on_device.train)).transpose()?;
        let taught_by = teachers.as_ref().map(Teachers::fingerprints).unwrap_or_default();
        let pins = checkpoints::pins(engine.as_ref(), &data, taught_by);
        let mut session = Self {
            patience: Patience::new(&experiment),
            experiment,
            data,
            device,
            on_device,
            engine,
            teachers,
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
            before_epoch: None,
            stopped_early: false,
            _aside: aside,
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
            self.prune()?;
            let plan = self.plan()?;
            self.remember_parameters()?;
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

    /// The plan of the epoch that is due.
    fn plan(&mut self) -> Result<EpochPlan, TrainError> {
        let mut plan = epoch_plan(&self.experiment, self.progress.epoch, self.data.train.len());
        if let Some(teachers) = &mut self.teachers {
            plan.teacher = Some(teachers.teach(&self.on_device.train, &plan)?);
        }
        Ok(plan)
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
        let view = self.view();
        let mut scored = |images: &DeviceData| score(self.engine.as_mut(), images, view);
        let validation = self.on_device.validation.as_ref().map(&mut scored).transpose()?;
        let each_epoch = self.experiment.eval.test_each_epoch;
        let test = self.on_device.test.as_ref().filter(|_| each_epoch).map(&mut scored).transpose()?;
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
            layers: self.layers()?,
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
}

fn require_finite(loss: f64, plan: &EpochPlan) -> Result<(), EngineError> {
    if loss.is_finite() {
        return Ok(());
    }
    Err(EngineError::NonFinite { model: 0, epoch: plan.epoch + 1, step: plan.steps(), loss })
}
