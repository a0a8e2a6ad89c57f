//! A barrier for phases of some ten microseconds: waiters spin for a while, then sleep.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, PoisonError};

/// Spins before a waiter sleeps: some 50 us, longer than phases differ where every worker has a core of its own.
const SPINS: u32 = 4000;

/// Lets `workers` threads wait for each other, again and again.
pub(super) struct Barrier {
    workers: usize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    woken: Condvar,
}

impl Barrier {
    pub(super) fn new(workers: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self {
            workers,
            arrived: zero(),
            generation: zero(),
            sleepers: zero(),
            lock: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    /// Waits until every worker is here. What they wrote before is then visible to all.
    pub(super) fn wait(&self) {
        let generation = self.generation.load(SeqCst);
        if self.arrived.fetch_add(1, SeqCst) + 1 == self.workers {
            self.release(generation);
            return;
        }
        for _ in 0..SPINS {
            if self.generation.load(SeqCst) != generation {
                return;
            }
            std::hint::spin_loop();
        }
        self.sleep(generation);
    }

    fn release(&self, generation: usize) {
        self.arrived.store(0, SeqCst);
        self.generation.store(generation.wrapping_add(1), SeqCst);
        // A waiter counts itself before it looks at the generation for the last time: either it sees the new one, or
        // it is counted here. The lock keeps it from falling asleep in between.
        if self.sleepers.load(SeqCst) > 0 {
            let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
            self.woken.notify_all();
        }
    }

    fn sleep(&self, generation: usize) {
        self.sleepers.fetch_add(1, SeqCst);
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.generation.load(SeqCst) == generation {
            held = self.woken.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_passes_before_everybody_came() {
        let (barrier, count) = (Barrier::new(4), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 1..=500 {
                        count.fetch_add(1, SeqCst);
                        barrier.wait();
                        assert_eq!(count.load(SeqCst), 4 * round);
                        barrier.wait();
                    }
                });
            }
        });
    }
}
