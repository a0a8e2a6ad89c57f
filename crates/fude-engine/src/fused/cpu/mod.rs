//! The fused step on the processor: all cores, the widest vectors it has, no allocation after the first step.

mod activation;
pub(super) mod adam;
mod barrier;
mod clip;
mod dropout;
mod evaluate;
mod hidden;
mod host;
mod images;
mod int8;
mod linear;
mod loss;
mod math;
mod memory;
mod normalize;
pub(super) mod parts;
mod philox;
mod product;
mod residual;
mod share;
mod simd;
mod step;
mod sums;
mod team;
#[cfg(test)]
mod tests;
pub(super) mod train;
mod update;
mod warp;
mod weights;
mod workspace;

use crate::{
    Control, CpuInfo, Determinism, DeviceData, DeviceKind, Engine, EngineError, EngineInfo, EngineSpec, EpochPlan,
    Logits, OptimizerSpec, Progressed, Totals, TrainState, View, Weights as WhichWeights,
};
use fude_model::MlpConfig;
pub use host::deform;
#[cfg(feature = "burn")]
pub(crate) use host::step_inputs;
pub use int8::Int8Engine;
use simd::Level;
use std::ops::Range;
use step::Recipe;
use team::Team;
use warp::Warp;
use weights::{Keeps, Weights};
use workspace::Workspace;

/// Trains M models on the processor.
pub(super) struct CpuEngine {
    info: EngineInfo,
    level: Level,
    team: Team,
    model: MlpConfig,
    optimizer: OptimizerSpec,
    smoothing: f32,
    ema_decay: Option<f32>,
    clip_norm: Option<f32>,
    train: DeviceData,
    models: Vec<Weights>,
    /// One for all workers together, or one a worker where each trains models of its own.
    workspaces: Vec<Workspace>,
    /// One a worker, made when logits are first asked for.
    scratch: Vec<Workspace>,
}

impl CpuEngine {
    pub(super) fn new(cpu: &CpuInfo, spec: EngineSpec) -> Result<Self, EngineError> {
        Self::with_level(cpu, spec, Level::best())
    }

    fn with_level(cpu: &CpuInfo, spec: EngineSpec, level: Level) -> Result<Self, EngineError> {
        let EngineSpec { model, optimizer, label_smoothing, ema_decay, clip_norm, parameters, train } = spec;
        assert!(train.labels().iter().all(|&label| usize::from(label) < model.outputs), "a label is no class");
        let keeps = Keeps { average: ema_decay.is_some(), gradient: clip_norm.is_some() };
        let models: Vec<_> = parameters.iter().map(|p| Weights::new(&p.layout, &p.values, keeps)).collect();
        let team = Team::new(cpu.threads)?;
        let info = EngineInfo {
            engine: "fused",
            device: cpu.name.clone(),
            device_kind: DeviceKind::Cpu,
            detail: format!("{}, {} threads", level.name(), team.size()),
            dispatches_per_step: None,
            device_bytes: None,
            determinism: Determinism::Bitwise,
            models: models.len(),
        };
        Ok(Self {
            info,
            level,
            team,
            model,
            optimizer,
            smoothing: label_smoothing,
            ema_decay,
            clip_norm,
            train,
            models,
            workspaces: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Makes room for batches of `batch` samples.
    fn reserve(&mut self, batch: usize) {
        let count = if self.models.len() >= self.team.size() { self.team.size() } else { 1 };
        if self.workspaces.first().is_none_or(|work| work.capacity() < batch) {
            self.workspaces = (0..count).map(|_| Workspace::new(&self.model, batch)).collect();
            let weights: usize = self.models.iter().map(Weights::bytes).sum();
            let work: usize = self.workspaces.iter().map(Workspace::bytes).sum();
            self.info.device_bytes = Some((weights + work) as u64);
        }
    }
}

impl Engine for CpuEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn train(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError> {
        train::check(plans, &steps, self.models.len(), self.train.len(), self.model.outputs);
        if steps.start == 0 {
            self.models.iter_mut().for_each(|model| model.totals = Totals::default());
        }
        self.reserve(plans.iter().map(|plan| plan.batch as usize).max().unwrap_or(0));
        let recipe = Recipe {
            level: self.level,
            train: &self.train.split,
            model: &self.model,
            smoothing: self.smoothing,
            clip_norm: self.clip_norm,
        };
        let warps: Vec<_> = plans.iter().map(|plan| Warp::of_plan(plan, &self.train.split)).collect();
        let run = train::Run {
            recipe,
            optimizer: &self.optimizer,
            ema_decay: self.ema_decay,
            plans,
            warps: &warps,
            workspaces: &self.workspaces,
        };
        let apart = self.models.len() > 1 && self.models.len() >= self.team.size();
        let train = if apart { train::apart } else { train::together };
        train(&run, &mut self.team, &mut self.models, steps, control)
    }

    fn logits(&mut self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let averaged = view.weights == WhichWeights::Ema;
        if averaged && self.ema_decay.is_none() {
            return Err(EngineError::Unsupported { engine: "fused", why: "keeps no average of these weights".into() });
        }
        images.require_fit(self.model.inputs, self.model.outputs)?;
        if self.scratch.is_empty() {
            self.scratch =
                (0..self.team.size()).map(|_| Workspace::for_evaluation(&self.model, evaluate::ROWS)).collect();
        }
        let evaluation = evaluate::Evaluation {
            level: self.level,
            model: &self.model,
            weights: evaluate::choose(&self.models[model].layers, averaged),
            images: &images.split,
            warp: view.deformed.map(|deformed| Warp::of_view(&deformed, &images.split)),
            scratch: &self.scratch,
        };
        Ok(evaluation.run(&mut self.team))
    }

    fn state(&mut self, model: usize) -> Result<TrainState, EngineError> {
        Ok(self.models[model].save())
    }

    fn load_state(&mut self, model: usize, state: &TrainState) -> Result<(), EngineError> {
        self.models[model].load(state)
    }
}
