//! Who watches a run, and who may end it.

use fude_record::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Is told what happens in a run.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, event: &Event);
}

impl<F: FnMut(&Event)> Observer for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}

/// Asks a run to end at its next step, with a checkpoint. Clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks the run to end; returns whether it had been asked before.
    pub fn stop(&self) -> bool {
        self.0.swap(true, Ordering::SeqCst)
    }

    /// Whether the run was asked to end.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Stops the other workers when the one that holds it panics: they would train on for nothing.
pub struct StopOnPanic<'a>(pub &'a StopFlag);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_one_worker_stops_the_others_and_its_end_does_not() {
        let stop = StopFlag::default();
        drop(StopOnPanic(&stop));
        assert!(!stop.is_set());
        let worker = std::thread::scope(|scope| {
            let work = || {
                let _guard = StopOnPanic(&stop);
                std::panic::resume_unwind(Box::new("for a test"));
            };
            scope.spawn(work).join()
        });
        assert!(worker.is_err() && stop.is_set());
    }
}
