//! Watches a trial: what it reaches after each epoch, and whether it is to end.

use crate::{Objective, Rung, Sweep, SweepError, Trial};
use fude_record::{EpochRecord, Event};
use fude_train::{Observer, StopFlag};

/// A trial in training.
pub(crate) struct Watch<'a> {
    sweep: &'a Sweep<'a>,
    pub(crate) trial: Trial,
    /// Epochs that the trial would train.
    epochs: u32,
    stop: &'a StopFlag,
    /// Whether it was ended at a rung.
    pub(crate) fell_behind: bool,
    /// The journal could not be written.
    pub(crate) failure: Option<SweepError>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(sweep: &'a Sweep<'a>, trial: Trial, epochs: u32, stop: &'a StopFlag) -> Self {
        Self { sweep, trial, epochs, stop, fell_behind: false, failure: None }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        let Some(value) = value(self.sweep.objective(), record) else { return };
        (self.trial.epochs, self.trial.value) = (record.epoch, Some(value));
        if !self.sweep.is_rung(record.epoch, self.epochs) {
            return;
        }
        let rung = Rung { epochs: record.epoch, value };
        self.trial.rungs.push(rung);
        match self.sweep.at_rung(&self.trial, rung) {
            Ok(true) => {}
            Ok(false) => self.fell_behind = true,
            Err(error) => self.failure = Some(error),
        }
    }
}

impl Observer for Watch<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Epoch(record) => self.epoch(record),
            Event::Warning(text) => self.sweep.warn(text),
            _ => {}
        }
        if self.fell_behind || self.failure.is_some() || self.sweep.stop.is_set() {
            self.stop.stop();
        }
    }
}

fn value(objective: Objective, record: &EpochRecord) -> Option<f64> {
    match objective {
        Objective::ValidationAccuracy => record.val_accuracy,
        Objective::ValidationLoss => record.val_loss,
    }
}
