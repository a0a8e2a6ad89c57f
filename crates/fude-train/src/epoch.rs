//! When an epoch's training pauses: for a checkpoint, for the progress display, or because the run is to end.

use crate::{Observer, StopFlag};
use fude_engine::{Control, Flow};
use fude_record::{Event, StepProgress};
use std::time::{Duration, Instant};

/// Between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Watches the steps of an epoch.
pub(crate) struct EpochControl<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) stop: &'a StopFlag,
    /// When the next checkpoint is due; none writes none.
    pub(crate) checkpoint_at: Option<Instant>,
    pub(crate) clock: &'a mut ProgressClock,
    pub(crate) epoch: u32,
    pub(crate) batch: u32,
}

/// How fast the run goes.
pub(crate) struct ProgressClock {
    started: Instant,
    reported: Instant,
    steps: u64,
    last_step: (u32, u32),
}

impl ProgressClock {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self { started: now, reported: now, steps: 0, last_step: (0, 0) }
    }

    fn count(&mut self, epoch: u32, step: u32) {
        let (last_epoch, last_step) = self.last_step;
        self.steps += u64::from(if epoch == last_epoch { step.saturating_sub(last_step) } else { step.min(1) });
        self.last_step = (epoch, step);
    }

    fn samples_per_second(&self, batch: u32) -> f64 {
        (self.steps * u64::from(batch)) as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }
}

impl Control for EpochControl<'_> {
    fn boundary(&mut self, step: u32) -> Flow {
        let now = Instant::now();
        self.clock.count(self.epoch, step);
        if now - self.clock.reported >= PROGRESS_EVERY {
            self.clock.reported = now;
            let samples_per_second = self.clock.samples_per_second(self.batch);
            self.observer.event(&Event::Step(StepProgress { epoch: self.epoch, step, samples_per_second }));
        }
        let due = self.checkpoint_at.is_some_and(|at| now >= at);
        if due || self.stop.is_set() { Flow::Return } else { Flow::Continue }
    }
}
