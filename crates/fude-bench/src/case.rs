//! An experiment with a subject, in its process.

use crate::child::Child;
use crate::row::Measured;
use crate::subject::Worker;
use crate::{BenchError, EpochDone, Order, Ready, Row, Subject};
use fude_record::Experiment;

/// A row in the making.
pub(crate) struct Case {
    experiment: Experiment,
    models: usize,
    child: Child,
    ready: Ready,
    first_step_seconds: f64,
    /// The first warms up.
    epochs: Vec<EpochDone>,
}

impl Case {
    /// Starts the process and waits for its first step.
    pub(crate) fn start(subject: &Subject, order: &Order, worker: &Worker) -> Result<Self, BenchError> {
        let (child, ready, first_step_seconds) = Child::start(subject.command(worker)?, order)?;
        let expected = order.images.or(order.raw.as_ref().map(|raw| raw.images));
        if let Some(expected) = expected.filter(|&expected| expected != ready.images) {
            let found = format!("{} images where {expected} were ordered", ready.images);
            return Err(BenchError::Protocol { expected: "the same data for all", found });
        }
        let experiment = order.experiment.clone();
        Ok(Self { experiment, models: subject.models(), child, ready, first_step_seconds, epochs: Vec::new() })
    }

    pub(crate) fn label(&self) -> String {
        let models = if self.models > 1 { format!(", {} models", self.models) } else { String::new() };
        format!("{}, {} on the {}{models}", self.experiment.name, self.ready.engine, self.ready.device_kind)
    }

    /// What runs where.
    pub(crate) fn introduction(&self) -> String {
        let Ready { device, detail, .. } = &self.ready;
        format!("{} {device} ({detail}): first step after {:.2} s", self.label(), self.first_step_seconds)
    }

    /// Has it train an epoch.
    pub(crate) fn epoch(&mut self) -> Result<(), BenchError> {
        self.epochs.push(self.child.epoch()?);
        Ok(())
    }

    /// Ends the process; its row, unless nothing was measured.
    pub(crate) fn finish(self, peak: f64) -> Result<Option<Row>, BenchError> {
        let Self { experiment, models, child, ready, first_step_seconds, mut epochs } = self;
        let closing = child.close()?;
        epochs.drain(..epochs.len().min(1));
        Ok(Row::new(&experiment, Measured { ready, first_step_seconds, epochs, closing, models }, peak))
    }
}
