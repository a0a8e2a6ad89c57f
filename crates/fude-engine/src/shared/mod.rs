//! One engine for several jobs: each trains a model of its own as if alone, all of them in the same dispatches.
//!
//! A job has a [`Seat`]. Its calls of `train` wait until every other job has called too, has left, or trains elsewhere; then
//! one of them runs the steps of all. Models of another shape, or with other settings, form a group of their own.

mod group;
mod member;
#[cfg(test)]
mod tests;

use crate::{Device, DeviceData, Engine, EngineError, EngineSpec};
use fude_data::Split;
use group::{Group, Recipe};
use member::Member;
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
}

#[derive(Default)]
struct State {
    /// Seats whose jobs have not said yet what they train next: the others wait for them.
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
        Seat { hall: Arc::clone(&self.hall) }
    }
}

/// A job's place.
pub struct Seat {
    hall: Arc<Hall>,
}

impl Seat {
    /// [`DeviceData::upload`], once for all jobs with the same images.
    ///
    /// # Errors
    /// As there.
    pub fn upload(&self, split: &Arc<Split>, classes: usize, device: &Device) -> Result<DeviceData, EngineError> {
        let mut state = self.hall.lock();
        if let Some(known) = state.uploads.iter().find(|known| known.is_of(split, classes, device)) {
            return Ok(known.clone());
        }
        let data = DeviceData::upload(Arc::clone(split), classes, device)?;
        state.uploads.push(data.clone());
        Ok(data)
    }

    /// A `fused` engine for the one model of `spec`, in the dispatches of whoever trains the like.
    ///
    /// # Errors
    /// As [`crate::build`].
    pub fn engine(&self, device: &Device, spec: EngineSpec) -> Result<Box<dyn Engine>, EngineError> {
        let (recipe, mut parameters) = Recipe::of(device, spec);
        assert_eq!(parameters.len(), 1, "a job trains one model");
        Ok(Box::new(Member::join(&self.hall, recipe, parameters.remove(0))?))
    }

    /// Nobody waits for this job as long as what is returned lives.
    pub fn step_aside(&self) -> Aside {
        Aside::new(&self.hall)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hall.lock().undecided -= 1;
        self.hall.changed.notify_all();
    }
}

/// A job is busy with something else.
pub struct Aside {
    hall: Arc<Hall>,
}

impl Aside {
    fn new(hall: &Arc<Hall>) -> Self {
        hall.lock().undecided -= 1;
        hall.changed.notify_all();
        Self { hall: Arc::clone(hall) }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.hall.lock().undecided += 1;
    }
}

impl Hall {
    /// A job that panics leaves whole numbers behind: nothing is changed half.
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
