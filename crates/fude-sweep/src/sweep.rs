//! The search: proposes, trains, stops, writes down.

use crate::sampler::propose;
use crate::watch::Watch;
use crate::{Journal, Objective, Rung, State, Study, SweepError, Trial};
use fude_engine::{Device, EngineKind, Seat, SharedEngine};
use fude_record::{Experiment, Override, Summary};
use fude_train::{Outcome, Prepared, PreparedCache, StopFlag, StopOnPanic, TrainError, TrainRequest};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How a search is run; none of it changes what is searched.
pub struct Settings {
    /// The device of all trials.
    pub device: Device,
    /// The engine; none takes the default.
    pub engine: Option<EngineKind>,
    /// Trials at once. On the CPU each takes its share of the cores; on a GPU models of one shape train in the same dispatches.
    pub jobs: usize,
    /// What the command line puts over every trial's experiment: other data.
    pub overrides: Vec<Override>,
    /// Data sets that trials share, with those that were looked at before.
    pub data: PreparedCache,
}

/// What happens in a search.
#[derive(Clone, Debug)]
pub enum SweepEvent {
    /// Something to know of the data.
    Note(String),
    /// Something not to be overlooked.
    Warning(String),
    /// A trial begins.
    Begun(Trial),
    /// A trial ended.
    Ended(Trial),
}

/// A search in progress.
pub struct Sweep<'a> {
    study: &'a Study,
    settings: Settings,
    journal: Mutex<Journal>,
    /// Trials that this process has begun: others that have begun and not ended were cut off.
    begun: Mutex<BTreeSet<u32>>,
    pub(crate) stop: &'a StopFlag,
    tell: &'a (dyn Fn(&SweepEvent) + Sync),
}

impl<'a> Sweep<'a> {
    /// A search that goes on with what its journal has.
    pub fn new(
        study: &'a Study,
        journal: Journal,
        settings: Settings,
        stop: &'a StopFlag,
        tell: &'a (dyn Fn(&SweepEvent) + Sync),
    ) -> Self {
        let (journal, begun) = (Mutex::new(journal), Mutex::default());
        Self { study, settings, journal, begun, stop, tell }
    }

    /// Trains trials until there are as many as the study asks for, or `stop` is set; all of them so far.
    ///
    /// # Errors
    /// Whatever keeps a trial from being trained, but for a loss that is no number: that is a result.
    pub fn run(self) -> Result<Vec<Trial>, SweepError> {
        self.require_same_data()?;
        let join = |worker: std::thread::ScopedJoinHandle<'_, Result<(), SweepError>>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let results: Vec<Result<(), SweepError>> = std::thread::scope(|scope| {
            let workers: Vec<_> = self.seats().map(|seat| scope.spawn(|| self.work(seat))).collect();
            workers.into_iter().map(join).collect()
        });
        results.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(lock(&self.journal).trials())
    }

    /// The data must be those that the journal's trials were trained on, as far as the space leaves them alone.
    fn require_same_data(&self) -> Result<(), SweepError> {
        let searches = |what: &str| self.study.space.keys().any(|key| key.starts_with(what));
        if searches("dataset") {
            return Ok(());
        }
        let first = self.study.experiment(&self.study.first_values(), &self.settings.overrides)?;
        let data = self.data(&first)?;
        let images = (!searches("data.")).then(|| data.fingerprint());
        lock(&self.journal).require_data(&data.dataset, images)
    }

    /// A seat a worker, where several train at once.
    fn seats(&self) -> impl Iterator<Item = Option<Arc<Seat>>> {
        let (jobs, shared) = (self.settings.jobs.max(1), SharedEngine::default());
        let seats: Vec<_> = (0..jobs).map(|_| (jobs > 1).then(|| Arc::new(shared.seat()))).collect();
        seats.into_iter()
    }

    /// One worker: trial after trial.
    fn work(&self, seat: Option<Arc<Seat>>) -> Result<(), SweepError> {
        let _guard = StopOnPanic(self.stop);
        while !self.stop.is_set() {
            let Some(trial) = self.next()? else { break };
            match self.train(trial.clone(), seat.clone()) {
                Ok(None) => break,
                Ok(Some(trial)) => self.end(trial)?,
                // A search goes on with other values, and does not come back to these.
                Err(error) if error.is_refusal() => {
                    (self.tell)(&SweepEvent::Warning(format!("trial {} is left out: {error}", trial.number)));
                    self.end(Trial { state: State::Refused, ..trial })?;
                }
                Err(error) => {
                    // The others end at their next step; what they have begun is begun again next time.
                    self.stop.stop();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn end(&self, trial: Trial) -> Result<(), SweepError> {
        lock(&self.journal).end(&trial)?;
        (self.tell)(&SweepEvent::Ended(trial));
        Ok(())
    }

    /// The next trial: one that a kill cut off, from its beginning, or a new one; none where there are enough.
    fn next(&self) -> Result<Option<Trial>, SweepError> {
        let (mut journal, mut begun) = (lock(&self.journal), lock(&self.begun));
        let trials = journal.trials();
        let cut_off = trials.iter().find(|trial| trial.state == State::Begun && !begun.contains(&trial.number));
        let trial = match cut_off {
            Some(trial) => Trial::begin(trial.number, trial.values.clone(), trial.places.clone()),
            None if trials.len() as u32 >= self.study.trials => return Ok(None),
            None => self.propose(&trials),
        };
        begun.insert(trial.number);
        journal.begin(&trial)?;
        (self.tell)(&SweepEvent::Begun(trial.clone()));
        Ok(Some(trial))
    }

    fn propose(&self, trials: &[Trial]) -> Trial {
        let number = trials.len() as u32;
        let places = propose(self.study, trials, number);
        let value = |(key, place): (&String, &f64)| (key.clone(), self.study.space[key].value(*place));
        Trial::begin(number, places.iter().map(value).collect(), places.clone())
    }

    /// Trains a trial; none where the search was asked to end before.
    fn train(&self, trial: Trial, seat: Option<Arc<Seat>>) -> Result<Option<Trial>, SweepError> {
        let mut experiment = self.study.experiment(&trial.values, &self.settings.overrides)?;
        // Trials that are stopped early have looked at images as they are: so do those that are not.
        experiment.eval.looks = 0;
        let (started, epochs) = (Instant::now(), experiment.train.epochs);
        let (data, device) = (self.data(&experiment)?, self.settings.device.shared_by(self.settings.jobs));
        let engine = self.settings.engine;
        let request = TrainRequest { engine, seat, ..TrainRequest::new(experiment, data, device) };
        let stop = StopFlag::default();
        let mut watch = Watch::new(self, trial, epochs, &stop);
        let outcome = fude_train::train(request, &mut watch, &stop);
        let Watch { mut trial, fell_behind, failure, .. } = watch;
        failure.map_or(Ok(()), Err)?;
        trial.seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(Outcome::Finished { summary, .. }) => {
                (trial.state, trial.epochs) = (State::Finished, summary.epochs);
                trial.value = final_value(self.study.objective, &summary);
            }
            Ok(Outcome::Interrupted(_)) if fell_behind => trial.state = State::Stopped,
            Ok(Outcome::Interrupted(_)) => return Ok(None),
            Err(error) if error.is_non_finite() => (trial.state, trial.value) = (State::Diverged, None),
            Err(error) => return Err(error.into()),
        }
        Ok(Some(trial))
    }

    /// Writes down what a trial has reached at a rung; whether it goes on.
    pub(crate) fn at_rung(&self, trial: &Trial, rung: Rung) -> Result<bool, SweepError> {
        let Some(halving) = &self.study.halving else { return Ok(true) };
        let cost = |rung: &Rung| self.study.objective.cost(rung.value);
        let mut journal = lock(&self.journal);
        let trials = journal.trials();
        let others = trials.iter().filter(|other| other.number != trial.number);
        let there = others.flat_map(|other| other.rungs.iter().filter(|other| other.epochs == rung.epochs));
        let others: Vec<f64> = there.map(cost).collect();
        journal.rung(trial.number, rung)?;
        Ok(halving.goes_on(cost(&rung), &others))
    }

    pub(crate) fn is_rung(&self, epoch: u32, epochs: u32) -> bool {
        self.study.halving.is_some_and(|halving| halving.is_rung(epoch, epochs))
    }

    pub(crate) fn warn(&self, text: &str) {
        (self.tell)(&SweepEvent::Warning(text.to_owned()));
    }

    pub(crate) fn objective(&self) -> Objective {
        self.study.objective
    }

    /// The training and validation images of a trial. There are no test images: nothing of a search may see them.
    fn data(&self, experiment: &Experiment) -> Result<Prepared, TrainError> {
        let data = self.settings.data.prepare(experiment)?;
        data.warnings.iter().for_each(|warning| (self.tell)(&SweepEvent::Warning(warning.clone())));
        data.notes.iter().for_each(|note| (self.tell)(&SweepEvent::Note(note.clone())));
        Ok(Prepared { test: None, ..data })
    }
}

/// The objective of the final weights, which early stopping may have put back to those of the best epoch.
fn final_value(objective: Objective, summary: &Summary) -> Option<f64> {
    match objective {
        Objective::ValidationAccuracy => summary.val_accuracy,
        Objective::ValidationLoss => summary.val_loss,
    }
}

/// What a worker that panicked has left is whole; the panic itself ends the search.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
