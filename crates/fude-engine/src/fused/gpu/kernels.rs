//! All pipelines of a model.

use super::kernel::Kernel;
use super::open::Gpu;
use super::places::Place;
use super::schedule::{SCRATCH, Tail, Work};
use crate::{EngineError, OptimizerSpec};
use fude_kernels::reflect::Struct;
use fude_kernels::{Shader, shader};
use fude_model::{Activation, MlpConfig, Normalization};
use fude_random::drop_threshold;
use std::collections::BTreeMap;

/// Pipelines by what they do.
pub(super) struct Kernels {
    all: BTreeMap<Work, Kernel>,
    /// Rows and quads of a product's tile.
    pub(super) tile: (usize, usize),
    /// Quads of a tile of the update, either way.
    update_quads: usize,
}

/// What the shaders' overridable constants are made from.
pub(super) struct Constants<'a> {
    pub(super) model: &'a MlpConfig,
    pub(super) optimizer: &'a OptimizerSpec,
    pub(super) smoothing: f32,
    pub(super) ema_decay: Option<f32>,
    pub(super) tail: &'a Tail,
}

impl Constants<'_> {
    fn normalizes(&self) -> bool {
        self.model.normalization == Normalization::Layer
    }

    /// Every constant of every shader; each takes what it has.
    fn values(&self, gpu: &Gpu) -> Vec<(&'static str, f64)> {
        let Self { model, optimizer, smoothing, ema_decay, tail } = self;
        let activation = match model.activation {
            Activation::Relu => 0.0,
            Activation::Gelu => 1.0,
            Activation::Tanh => 2.0,
        };
        let (factor, term) = model.input.of_bytes();
        let coupled = if optimizer.decoupled { 0.0 } else { f64::from(optimizer.weight_decay) };
        vec![
            ("ACTIVATION", activation),
            ("DROPOUT", f64::from(u8::from(model.dropout > 0.0))),
            ("THRESHOLD", f64::from(drop_threshold(model.dropout))),
            ("KEPT", f64::from((1.0 / (1.0 - model.dropout)) as f32)),
            ("SMOOTHING", f64::from(*smoothing)),
            ("FACTOR", f64::from(factor)),
            ("TERM", f64::from(term)),
            ("GROUPS", tail.groups as f64),
            ("CELLS", tail.cells as f64),
            ("NORMALIZE", f64::from(u8::from(self.normalizes()))),
            ("SCRATCH", if self.normalizes() { SCRATCH as f64 } else { 1.0 }),
            ("THREADS", f64::from(gpu.tuning.tail_threads)),
            ("PACKED", 1.0),
            ("BETA1", f64::from(optimizer.beta1)),
            ("ONE_MINUS_BETA1", f64::from((1.0 - f64::from(optimizer.beta1)) as f32)),
            ("BETA2", f64::from(optimizer.beta2)),
            ("ONE_MINUS_BETA2", f64::from((1.0 - f64::from(optimizer.beta2)) as f32)),
            ("EPSILON", f64::from(optimizer.epsilon)),
            ("DECAY", coupled),
            ("AVERAGED", f64::from(u8::from(ema_decay.is_some()))),
            ("FOLLOW", f64::from(ema_decay.map_or(1.0, |decay| (1.0 - f64::from(decay)) as f32))),
        ]
    }
}

impl Work {
    pub(super) fn shader(self) -> &'static Shader {
        match self {
            Self::ForwardImages => &shader::FORWARD_IMAGES,
            Self::Forward => &shader::FORWARD,
            Self::Hidden => &shader::HIDDEN,
            Self::Tail => &shader::TAIL,
            Self::Backward => &shader::BACKWARD,
            Self::Normalize => &shader::NORMALIZE,
            Self::Update => &shader::UPDATE,
            Self::Logits => &shader::LOGITS,
        }
    }
}

impl Kernels {
    /// Compiles what a model's training and evaluation need.
    pub(super) fn new(gpu: &Gpu, constants: &Constants) -> Result<Self, EngineError> {
        let values = constants.values(gpu);
        let mut works = vec![Work::ForwardImages, Work::Tail, Work::Update, Work::Logits];
        if constants.tail.layer > 1 {
            works.extend([Work::Forward, Work::Hidden, Work::Backward]);
        }
        if constants.normalizes() && constants.tail.layer > 1 {
            works.push(Work::Normalize);
        }
        let mut all = BTreeMap::new();
        for work in works {
            all.insert(work, Kernel::new(gpu, work.shader(), &values)?);
        }
        let constant = |work: Work, name: &str| all[&work].reflection.constants[name] as usize;
        let tile = (constant(Work::ForwardImages, "TILE_ROWS"), constant(Work::ForwardImages, "TILE_QUADS"));
        let update_quads = constant(Work::Update, "TILE_QUADS");
        Ok(Self { all, tile, update_quads })
    }

    /// The pipeline for a kind of work.
    pub(super) fn of(&self, work: Work) -> &Kernel {
        &self.all[&work]
    }

    /// Any pipeline: what all have in common.
    pub(super) fn first(&self) -> &Kernel {
        &self.all[&Work::ForwardImages]
    }

    /// The structs that all shaders share.
    pub(super) fn structs(&self) -> &BTreeMap<String, Struct> {
        &self.first().reflection.structs
    }

    /// Tiles of a layer in the update.
    pub(super) fn tiles_of(&self, place: &Place) -> usize {
        place.input_quads.div_ceil(self.update_quads) * place.output_quads.div_ceil(self.update_quads)
    }
}
