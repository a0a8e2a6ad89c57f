//! How many steps go into one submission.

use std::time::{Duration, Instant};

/// What a submission should take. Windows and macOS end submissions of a few seconds, and a desktop stutters where one
/// holds the GPU for long; this is a hundred times what a submission costs.
const TARGET: Duration = Duration::from_millis(30);
/// Most steps: what the buffers for their numbers are made for.
pub(super) const MAX_STEPS: usize = 64;
/// A submission grows at most by this factor: the first steps of a run may be faster or slower than the rest.
const GROWTH: usize = 4;
/// A step that takes longer is submitted dispatch by dispatch.
const LONG_STEP: Duration = Duration::from_millis(100);
/// Before anything was measured, a step is taken to run at this rate: a slow integrated GPU.
const FLOPS_PER_SECOND: f64 = 50e9;

/// Learns how long steps take.
#[derive(Debug)]
pub(super) struct Pace {
    step: Duration,
    steps: usize,
    idle_since: Instant,
}

impl Pace {
    /// For steps of so many floating-point operations.
    pub(super) fn new(flops: f64) -> Self {
        let step = Duration::from_secs_f64(flops / FLOPS_PER_SECOND);
        Self { step, steps: 1, idle_since: Instant::now() }
    }

    /// Steps of the next submission.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// Whether each dispatch of a step should be a submission of its own.
    pub(super) fn is_long(&self) -> bool {
        self.step > LONG_STEP
    }

    /// Hears that a submission of so many steps, submitted at a time, is done now.
    pub(super) fn learn(&mut self, steps: usize, submitted: Instant) {
        let now = Instant::now();
        let start = submitted.max(self.idle_since);
        self.idle_since = now;
        self.step = now.saturating_duration_since(start) / steps.max(1) as u32;
        let fitting = (TARGET.as_secs_f64() / self.step.as_secs_f64().max(1e-9)) as usize;
        self.steps = fitting.clamp(1, MAX_STEPS).min(self.steps * GROWTH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submissions_grow_to_their_target_and_no_further() {
        let mut pace = Pace::new(1e6);
        assert_eq!(pace.steps(), 1);
        let fast = || Instant::now().checked_sub(Duration::from_micros(10)).unwrap_or_else(Instant::now);
        for expected in [4, 16, 64, 64] {
            pace.learn(pace.steps(), fast());
            assert_eq!(pace.steps(), expected);
        }
    }

    #[test]
    fn a_huge_step_is_split_before_it_was_ever_measured() {
        assert!(Pace::new(4e11).is_long());
        assert!(!Pace::new(1.4e8).is_long());
    }
}
