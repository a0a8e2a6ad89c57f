//! The fused step on the processor: all cores, the widest vectors it has, no allocation after the first step.

mod activation;
pub(super) mod adam;
mod barrier;
mod dropout;
mod evaluate;
mod hidden;
mod images;
mod linear;
mod loss;
mod math;
mod memory;
mod product;
mod share;
mod simd;
mod step;
mod team;
#[cfg(test)]
mod tests;
pub(super) mod train;
mod update;
mod weights;
mod workspace;

use crate::{
    Control, CpuInfo, Determinism, DeviceData, DeviceKind, Engine, EngineError, EngineInfo, EngineSpec, EpochPlan,
    Logits, OptimizerSpec, Progressed, Totals, TrainState, Weights as WhichWeights,
};
use fude_model::MlpConfig;
use simd::Level;
use std::ops::Range;
use step::Recipe;
use team::Team;
use weights::Weights;
use workspace::Workspace;

/// Trains M models on the processor.
pub(super) struct CpuEngine {
    info: EngineInfo,
    level: Level,
    team: Team,
    model: MlpConfig,
    optimizer: OptimizerSpec,
    smoothing: f32,
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
        let EngineSpec { model, optimizer, label_smoothing, parameters, train } = spec;
        assert!(train.labels().iter().all(|&label| usize::from(label) < model.outputs), "a label is no class");
        let models: Vec<_> = parameters.iter().map(|p| Weights::new(&p.layout, &p.values)).collect();
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
        let (workspaces, scratch) = (Vec::new(), Vec::new());
        Ok(Self { info, level, team, model, optimizer, smoothing: label_smoothing, train, models, workspaces, scratch })
    }

    /// Makes room for batches of `batch` samples.
    fn reserve(&mut self, batch: usize) {
        let count = if self.models.len() >= self.team.size() { self.team.size() } else { 1 };
        if self.workspaces.first().is_none_or(|work| work.capacity() < batch) {
            let widths = self.model.widths();
            self.workspaces = (0..count).map(|_| Workspace::new(&widths, batch)).collect();
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
        train::check(plans, &steps, self.models.len(), self.train.len());
        if steps.start == 0 {
            self.models.iter_mut().for_each(|model| model.totals = Totals::default());
        }
        self.reserve(plans.iter().map(|plan| plan.batch as usize).max().unwrap_or(0));
        let recipe = Recipe {
            level: self.level,
            train: &self.train.split,
            activation: self.model.activation,
            dropout: self.model.dropout,
            smoothing: self.smoothing,
        };
        let run = train::Run { recipe, optimizer: &self.optimizer, plans, workspaces: &self.workspaces };
        let apart = self.models.len() > 1 && self.models.len() >= self.team.size();
        let train = if apart { train::apart } else { train::together };
        train(&run, &mut self.team, &mut self.models, steps, control)
    }

    fn logits(&mut self, model: usize, images: &DeviceData, weights: WhichWeights) -> Result<Logits, EngineError> {
        if weights == WhichWeights::Ema {
            return Err(EngineError::Unsupported { engine: "fused", why: "keeps no average of the weights".into() });
        }
        images.require_fit(self.model.inputs, self.model.outputs)?;
        if self.scratch.is_empty() {
            let widths = self.model.widths();
            self.scratch = (0..self.team.size()).map(|_| Workspace::new(&widths, evaluate::ROWS)).collect();
        }
        let evaluation = evaluate::Evaluation {
            level: self.level,
            activation: self.model.activation,
            layers: &self.models[model].layers,
            images: &images.split,
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
