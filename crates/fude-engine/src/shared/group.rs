//! Models that train in the same dispatches.

use crate::{Device, Engine, EngineError, EngineKind, EngineSpec, EpochPlan, Needs, Progressed, TrainState};
use fude_model::Parameters;
use std::collections::BTreeMap;
use std::ops::Range;

/// What the models of a group have in common.
pub(super) struct Recipe {
    device: Device,
    /// The model, the batch, and what happens to images: models with other steps are not waited for.
    needs: Needs,
    /// Without parameters.
    spec: EngineSpec,
}

impl Recipe {
    /// The recipe of a specification for models with these needs.
    pub(super) fn of(device: &Device, spec: EngineSpec, needs: &Needs) -> Self {
        let needs = Needs { models: 1, model: spec.model.clone(), ..needs.clone() };
        Self { device: device.clone(), needs, spec: EngineSpec { parameters: Vec::new(), ..spec } }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let settings =
            |Self { spec, .. }: &Self| (spec.optimizer.clone(), spec.label_smoothing, spec.ema_decay, spec.clip_norm);
        self.needs == other.needs
            && settings(self) == settings(other)
            && self.spec.train.is_same(&other.spec.train)
            && self.device.is_same(&other.device)
    }

    /// The most models of the recipe that one engine takes.
    pub(super) fn most_at_once(&self) -> usize {
        crate::models_at_once(&self.device, &self.needs)
    }

    /// An engine for models of the recipe.
    pub(super) fn build(&self, parameters: Vec<Parameters>) -> Result<Box<dyn Engine>, EngineError> {
        crate::build(Some(EngineKind::Fused), &self.device, EngineSpec { parameters, ..self.spec.clone() })
    }

    /// The parameters in a state.
    fn parameters(&self, state: &TrainState) -> Result<Parameters, EngineError> {
        let layout = self.spec.model.layout();
        let values = state.vector(TrainState::PARAMETERS, layout.parameters())?.to_vec();
        Ok(Parameters { layout, values })
    }
}

/// Jobs whose models can train in one engine.
pub(super) struct Group {
    pub(super) recipe: Recipe,
    pub(super) members: BTreeMap<u64, Place>,
    /// None while it runs, and before its first steps.
    engine: Option<Box<dyn Engine>>,
    /// Whose model is in which place of the engine, `[M]`; some may have left.
    residents: Vec<u64>,
    running: bool,
}

/// A member's place in its group.
pub(super) struct Place {
    /// Its state, while its model is not in the engine.
    pub(super) home: Option<TrainState>,
    /// What it waits for.
    pub(super) call: Option<Call>,
    pub(super) answer: Option<Result<Progressed, EngineError>>,
}

/// Steps that a job wants to be run.
pub(super) struct Call {
    /// Calls are served in the order of these.
    pub(super) number: u64,
    pub(super) plan: EpochPlan,
    pub(super) steps: Range<u32>,
}

impl Call {
    /// Whether both can be run in the same dispatches.
    fn goes_with(&self, other: &Self) -> bool {
        self.steps == other.steps && self.plan.trains_with(&other.plan)
    }
}

/// What an engine is to run.
pub(super) struct Begun {
    pub(super) engine: Box<dyn Engine>,
    /// One a resident.
    pub(super) plans: Vec<EpochPlan>,
    pub(super) steps: Range<u32>,
}

impl Group {
    pub(super) fn new(recipe: Recipe) -> Self {
        Self { recipe, members: BTreeMap::new(), engine: None, residents: Vec::new(), running: false }
    }

    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// Whether everybody waits for steps.
    pub(super) fn is_ready(&self) -> bool {
        !self.running && self.members.values().all(|place| place.call.is_some())
    }

    /// Who is served next: the member that has waited longest, and those whose calls go with its own.
    pub(super) fn next(&self) -> Vec<u64> {
        let calls = || self.members.iter().filter_map(|(&member, place)| Some((member, place.call.as_ref()?)));
        let Some((_, first)) = calls().min_by_key(|(_, call)| call.number) else { return Vec::new() };
        calls().filter(|(_, call)| call.goes_with(first)).map(|(member, _)| member).collect()
    }

    /// Takes the members' calls, and the engine with their models in it.
    pub(super) fn begin(&mut self, members: &[u64]) -> Result<Begun, EngineError> {
        let mut calls: BTreeMap<u64, Call> =
            members.iter().filter_map(|id| Some((*id, self.members.get_mut(id)?.call.take()?))).collect();
        let engine = self.seated(members)?;
        self.running = true;
        let steps = calls.values().next().map_or(0..0, |call| call.steps.clone());
        let plans = self.residents.iter().filter_map(|id| Some(calls.remove(id)?.plan)).collect();
        Ok(Begun { engine, plans, steps })
    }

    /// Takes the engine back.
    pub(super) fn end(&mut self, engine: Box<dyn Engine>) {
        self.engine = Some(engine);
        self.running = false;
    }

    /// Leaves each member its part of what came of a call; `ran` is none where that panicked.
    pub(super) fn answer(&mut self, members: &[u64], ran: Option<&Result<Progressed, EngineError>>) {
        for &member in members {
            let place = self.residents.iter().position(|&resident| resident == member).unwrap_or(0);
            let answer = match ran {
                Some(Ok(progressed)) => progressed.of_model(place),
                Some(Err(EngineError::NonFinite { model, epoch, step, loss })) if *model == place => {
                    Err(EngineError::NonFinite { model: 0, epoch: *epoch, step: *step, loss: *loss })
                }
                Some(Err(error)) => Err(EngineError::Device(error.to_string())),
                None => Err(EngineError::Device("a job that trained along with this one has failed".into())),
            };
            if let Some(place) = self.members.get_mut(&member) {
                place.answer = Some(answer);
            }
        }
    }

    /// The engine with a member's model in it, and its place there.
    pub(super) fn with(&mut self, member: u64) -> Result<(usize, &mut Box<dyn Engine>), EngineError> {
        if !self.residents.contains(&member) {
            let mut all: Vec<u64> = self.residents.iter().copied().filter(|id| self.members.contains_key(id)).collect();
            all.push(member);
            self.engine = Some(self.seated(&all)?);
        }
        let place = self.residents.iter().position(|&resident| resident == member);
        match (place, &mut self.engine) {
            (Some(place), Some(engine)) => Ok((place, engine)),
            _ => Err(EngineError::Device("its engine has failed".into())),
        }
    }

    /// A member leaves; the last one takes the engine with it.
    pub(super) fn leave(&mut self, member: u64) {
        self.members.remove(&member);
        if self.members.is_empty() {
            self.engine = None;
            self.residents.clear();
        }
    }

    /// The engine with the models of `members` in it, and no others; a new engine where their number has changed.
    ///
    /// An error leaves no engine. Members whose states were in it have lost them, and are told so when they next ask.
    fn seated(&mut self, members: &[u64]) -> Result<Box<dyn Engine>, EngineError> {
        if let Some(mut engine) = self.engine.take() {
            let stays = self.residents.len() == members.len();
            let leaves = |place: &usize| !stays || !members.contains(&self.residents[*place]);
            let leaving: Vec<usize> = (0..self.residents.len()).filter(leaves).collect();
            for &place in &leaving {
                if let Some(member) = self.members.get_mut(&self.residents[place]) {
                    member.home = Some(engine.state(place)?);
                }
            }
            if stays {
                let arriving: Vec<u64> = members.iter().copied().filter(|id| !self.residents.contains(id)).collect();
                for (place, member) in leaving.into_iter().zip(arriving) {
                    self.bring(engine.as_mut(), place, member)?;
                    self.residents[place] = member;
                }
                return Ok(engine);
            }
        }
        self.residents.clear();
        let home = |id| self.members.get(id).and_then(|place: &Place| place.home.as_ref()).ok_or_else(lost);
        let parameters = members.iter().map(|id| self.recipe.parameters(home(id)?)).collect::<Result<_, _>>()?;
        let mut engine = self.recipe.build(parameters)?;
        for (place, &member) in members.iter().enumerate() {
            self.bring(engine.as_mut(), place, member)?;
        }
        self.residents = members.to_vec();
        Ok(engine)
    }

    /// Moves a member's state from its home into the engine.
    fn bring(&mut self, engine: &mut dyn Engine, place: usize, member: u64) -> Result<(), EngineError> {
        let home = self.members.get_mut(&member).map(|place| &mut place.home).ok_or_else(lost)?;
        engine.load_state(place, home.as_ref().ok_or_else(lost)?)?;
        *home = None;
        Ok(())
    }
}

fn lost() -> EngineError {
    EngineError::Device("its state was lost with an engine that has failed".into())
}
