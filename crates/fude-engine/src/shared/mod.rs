//! One engine for several jobs: each trains a model of its own as if alone, all of them in the same dispatches.
//!
//! A job has a [`Seat`]. Its calls of `train` wait until every other job has called too, has left, or trains elsewhere; then
//! one of them runs the steps of all. Models of another shape, or with other settings, form a group of their own.

mod group;
mod member;
#[cfg(test)]
mod tests;

use crate::{Device, DeviceData, Engine, EngineError, EngineSpec, Needs};
use fude_data::Split;
use group::{Group, Recipe};
use member::Member;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What jobs that train at once share.
#[derive(Clone, Default)]
pub struct SharedEngine {
    hall: Arc<Hall>,
}

#[derive(Default)]
struct Hall {
    state: Mutex<State>,
    changed: Condvar,
    /// The most members of a group, where it is not what the device takes.
    most: Option<usize>,
}

#[derive(Default)]
struct State {
    /// Jobs that have a seat and have not said yet what they train next: the others wait for them.
    undecided: usize,
    /// Numbers that were given to members and to their calls.
    numbers: u64,
    groups: Vec<Group>,
    uploads: Vec<DeviceData>,
}

impl SharedEngine {
    /// A seat for a job; the others wait until it trains, steps aside or is dropped.
    pub fn seat(&self) -> Seat {
        self.hall.lock().undecided += 1;
        Seat { job: Arc::new(Job { hall: Arc::clone(&self.hall), decisions: AtomicUsize::new(0) }) }
    }

    /// Groups of so many, also on the processor.
    #[cfg(test)]
    fn of_groups(most: usize) -> Self {
        Self { hall: Arc::new(Hall { most: Some(most), ..Hall::default() }) }
    }
}

/// A job's place.
#[derive(Clone)]
pub struct Seat {
    job: Arc<Job>,
}

/// Whoever sits there.
struct Job {
    hall: Arc<Hall>,
    /// Engines that it has and things that it does by itself: while there is any, it is not undecided.
    decisions: AtomicUsize,
}

impl Seat {
    /// [`DeviceData::upload`], once for all jobs with the same images.
    ///
    /// # Errors
    /// As there.
    pub fn upload(&self, split: &Arc<Split>, classes: usize, device: &Device) -> Result<DeviceData, EngineError> {
        let mut state = self.job.hall.lock();
        if let Some(known) = state.uploads.iter().find(|known| known.is_of(split, classes, device)) {
            return Ok(known.clone());
        }
        let data = DeviceData::upload(Arc::clone(split), classes, device)?;
        state.uploads.push(data.clone());
        Ok(data)
    }

    /// A `fused` engine for the one model of `spec`, in the dispatches of whoever needs the like.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub fn engine(&self, device: &Device, mut spec: EngineSpec, needs: &Needs) -> Result<Box<dyn Engine>, EngineError> {
        assert_eq!(spec.parameters.len(), 1, "a job trains one model");
        let parameters = spec.parameters.remove(0);
        Ok(Box::new(Member::join(&self.job, Recipe::of(device, spec, needs), parameters)?))
    }

    /// Nobody waits for this job as long as what is returned lives.
    pub fn step_aside(&self) -> Aside {
        Aside::new(&self.job)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.hall.lock().undecided -= 1;
        self.hall.changed.notify_all();
    }
}

/// A job has decided what it does. It keeps its seat for it.
pub struct Aside {
    job: Arc<Job>,
}

impl Aside {
    fn new(job: &Arc<Job>) -> Self {
        let mut state = job.hall.lock();
        if job.decisions.fetch_add(1, SeqCst) == 0 {
            state.undecided -= 1;
            job.hall.changed.notify_all();
        }
        drop(state);
        Self { job: Arc::clone(job) }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let mut state = self.job.hall.lock();
        if self.job.decisions.fetch_sub(1, SeqCst) == 1 {
            state.undecided += 1;
        }
    }
}

impl Hall {
    /// Whatever a job that panics leaves behind: a group whose engine it has taken along answers with errors.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
