//! A job's model in a group, as an engine of its own.

use super::group::{Begun, Call, Group, Place, Recipe};
use super::{Aside, Hall, Job, State};
use crate::{Control, DeviceData, Engine, EngineError, EngineInfo, EpochPlan, Logits, Progressed, TrainState, View};
use fude_model::Parameters;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, MutexGuard};

/// One model of several that train at once.
pub(super) struct Member {
    hall: Arc<Hall>,
    /// The group's index.
    group: usize,
    number: u64,
    info: EngineInfo,
    /// Whoever has an engine has decided.
    _decided: Aside,
}

impl Member {
    /// Joins a group of its recipe, or begins one.
    pub(super) fn join(job: &Arc<Job>, recipe: Recipe, parameters: Parameters) -> Result<Self, EngineError> {
        // By itself first, which costs an engine's buffers for a moment: what cannot be trained is refused before anybody
        // waits for it, and a member has a state of the engine's kind from its beginning.
        let mut alone = recipe.build(vec![parameters])?;
        let (info, home) = (alone.info().clone(), Some(alone.state(0)?));
        drop(alone);
        let hall = Arc::clone(&job.hall);
        let most = hall.most.unwrap_or_else(|| recipe.most_at_once());
        let mut state = hall.lock();
        let number = state.number();
        let has_room = |group: &Group| group.members.len() < most && group.recipe.is_like(&recipe);
        let group = state.groups.iter().position(has_room).unwrap_or(state.groups.len());
        if group == state.groups.len() {
            state.groups.push(Group::new(recipe));
        }
        state.groups[group].members.insert(number, Place { home, call: None, answer: None });
        drop(state);
        Ok(Self { hall, group, number, info, _decided: Aside::new(job) })
    }

    /// This member's place in its group.
    fn place<'a>(&self, state: &'a mut State) -> Result<&'a mut Place, EngineError> {
        let place = state.groups[self.group].members.get_mut(&self.number);
        place.ok_or_else(|| EngineError::Device("its group has lost it".into()))
    }

    /// Runs the steps of all who wait with this member, and leaves each its answer.
    fn lead<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        members: &[u64],
        control: &mut dyn Control,
    ) -> MutexGuard<'a, State> {
        // Whatever happens in here, nobody must wait for it for ever.
        let begun = catch_unwind(AssertUnwindSafe(|| state.groups[self.group].begin(members)));
        let ran = match begun {
            Err(panic) => Err(panic),
            Ok(Err(error)) => Ok(Err(error)),
            Ok(Ok(Begun { mut engine, plans, steps })) => {
                drop(state);
                let ran = catch_unwind(AssertUnwindSafe(|| engine.train(&plans, steps, control)));
                state = self.hall.lock();
                state.groups[self.group].end(engine);
                ran
            }
        };
        state.groups[self.group].answer(members, ran.as_ref().ok());
        self.hall.changed.notify_all();
        match ran {
            Ok(_) => state,
            Err(panic) => {
                drop(state);
                resume_unwind(panic)
            }
        }
    }

    /// What all share, while this member's group does not run.
    fn at_rest(&self) -> MutexGuard<'_, State> {
        let mut state = self.hall.lock();
        while state.groups[self.group].is_running() {
            state = self.hall.wait(state);
        }
        state
    }
}

impl Engine for Member {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn train(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError> {
        assert_eq!(plans.len(), 1, "one plan a model");
        let mut state = self.hall.lock();
        let number = state.number();
        self.place(&mut state)?.call = Some(Call { number, plan: plans[0].clone(), steps });
        self.hall.changed.notify_all();
        loop {
            if let Some(answer) = self.place(&mut state)?.answer.take() {
                return answer;
            }
            let group = &state.groups[self.group];
            let together = if state.undecided == 0 && group.is_ready() { group.next() } else { Vec::new() };
            state = match together.contains(&self.number) {
                true => self.lead(state, &together, control),
                false => self.hall.wait(state),
            };
        }
    }

    fn logits(&mut self, _model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let mut state = self.at_rest();
        let (place, engine) = state.groups[self.group].with(self.number)?;
        engine.logits(place, images, view)
    }

    fn state(&mut self, _model: usize) -> Result<TrainState, EngineError> {
        let mut state = self.at_rest();
        if let Some(home) = &self.place(&mut state)?.home {
            return Ok(home.clone());
        }
        let (place, engine) = state.groups[self.group].with(self.number)?;
        engine.state(place)
    }

    fn load_state(&mut self, _model: usize, loaded: &TrainState) -> Result<(), EngineError> {
        let mut state = self.at_rest();
        // One that does not fit is refused here, as by any engine.
        let (place, engine) = state.groups[self.group].with(self.number)?;
        engine.load_state(place, loaded)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.hall.lock().groups[self.group].leave(self.number);
        self.hall.changed.notify_all();
    }
}
