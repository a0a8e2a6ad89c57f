//! How a run leaves checkpoints, and how it begins from one.

use super::Session;
use crate::{Checkpoint, Pins, Prepared, Progress, TrainError, Verdict};
use fude_engine::{Engine, EngineError, TrainState};
use fude_record::Event;
use std::time::{Duration, Instant};

impl Session<'_> {
    pub(super) fn write_checkpoint(&mut self) -> Result<(), TrainError> {
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
    pub(super) fn require_finite_state(&self, state: &TrainState) -> Result<(), EngineError> {
        if state.tensors.values().all(|tensor| tensor.values.iter().all(|value| value.is_finite())) {
            return Ok(());
        }
        let (epoch, step) = match self.progress {
            Progress { epoch, step: 0, .. } => (epoch, self.steps()),
            Progress { epoch, step, .. } => (epoch + 1, step),
        };
        Err(EngineError::NonFinite { model: 0, epoch, step, loss: f64::NAN })
    }

    pub(super) fn steps(&self) -> u32 {
        self.data.train.len().div_ceil(self.experiment.train.batch as usize) as u32
    }

    pub(super) fn schedule_checkpoint(&mut self) {
        let seconds = Duration::from_secs_f64(self.experiment.checkpoint.seconds.min(1e9));
        self.checkpoint_at = self.writer.as_ref().map(|_| Instant::now() + seconds);
    }

    pub(super) fn seconds(&self) -> f64 {
        self.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Forgets the epochs of a run that was killed before its first checkpoint, and writes that one at once: it holds
    /// the parameters to start from, wherever they came from, and what the run is pinned to.
    pub(super) fn begin(&mut self) -> Result<(), TrainError> {
        if let Some(folder) = &self.folder {
            folder.rewrite_metrics(&[])?;
        }
        self.write_checkpoint()
    }

    /// Takes over where a checkpoint left off.
    pub(super) fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
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
}

/// What the run's bits depend on beside its experiment.
pub(super) fn pins(engine: &dyn Engine, data: &Prepared, teachers: Vec<String>) -> Pins {
    let info = engine.info();
    Pins {
        engine: info.engine.to_owned(),
        device: info.device.clone(),
        detail: info.detail.clone(),
        data: data.fingerprint(),
        held_out: Some(data.held_out_fingerprints()),
        teachers: Some(teachers),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
