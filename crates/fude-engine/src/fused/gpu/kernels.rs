//! All pipelines of a model, each compiled when it is first needed.

use super::kernel::Kernel;
use super::look::Look;
use super::open::Gpu;
use super::places::{Place, Places};
use super::schedule::{Dispatch, Network, SCRATCH, Tail, Work};
use crate::{EngineError, OptimizerSpec};
use fude_kernels::reflect::{Reflection, Struct};
use fude_kernels::{Shader, shader};
use fude_model::{Activation, MlpConfig, Normalization};
use fude_random::drop_threshold;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Threads of a workgroup of the shaders that take whole rows, beside the tail's.
const ROW_THREADS: u32 = 128;

/// What the shaders' overridable constants are made from.
#[derive(Clone, Debug)]
pub(super) struct Constants {
    pub(super) model: MlpConfig,
    pub(super) optimizer: OptimizerSpec,
    pub(super) smoothing: f32,
    pub(super) ema_decay: Option<f32>,
    pub(super) clip_norm: Option<f32>,
    pub(super) tail: Tail,
}

/// Pipelines that were compiled, by what they do and for which variant.
pub(super) struct Library {
    constants: Constants,
    compiled: BTreeMap<(Work, Look), Arc<Kernel>>,
    /// Sizes of tiles, as the shaders' texts say.
    pub(super) tiles: Tiles,
    /// The structs that all shaders share.
    structs: Arc<BTreeMap<String, Struct>>,
}

/// Sizes of tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles {
    /// Rows and quads of a product's tile.
    pub(super) product: (usize, usize),
    /// Quads of a tile of the update, either way.
    pub(super) update_quads: usize,
}

impl Tiles {
    /// Tiles of a layer in the update.
    pub(super) fn of(&self, place: &Place) -> usize {
        place.input_quads.div_ceil(self.update_quads) * place.output_quads.div_ceil(self.update_quads)
    }
}

/// The pipelines of some dispatches.
#[derive(Clone)]
pub(super) struct Kernels {
    all: BTreeMap<Work, Arc<Kernel>>,
    pub(super) structs: Arc<BTreeMap<String, Struct>>,
    pub(super) tiles: Tiles,
}

impl Kernels {
    /// The pipeline for a kind of work.
    pub(super) fn of(&self, work: Work) -> &Kernel {
        &self.all[&work]
    }

    /// Any of them: what all have in common.
    pub(super) fn first(&self) -> Option<&Kernel> {
        self.all.values().next().map(AsRef::as_ref)
    }
}

impl Library {
    pub(super) fn new(constants: Constants) -> Result<Self, EngineError> {
        let reflect = |shader: &Shader| Reflection::of(shader).map_err(EngineError::Device);
        let (product, update) = (reflect(&shader::FORWARD_IMAGES)?, reflect(&shader::UPDATE)?);
        let constant = |reflection: &Reflection, name: &str| reflection.constants[name] as usize;
        let tiles = Tiles {
            product: (constant(&product, "TILE_ROWS"), constant(&product, "TILE_QUADS")),
            update_quads: constant(&update, "TILE_QUADS"),
        };
        Ok(Self { constants, compiled: BTreeMap::new(), tiles, structs: Arc::new(product.structs) })
    }

    /// The pipelines that some dispatches need, in the variant of a look.
    pub(super) fn kernels(&mut self, gpu: &Gpu, dispatches: &[Dispatch], look: &Look) -> Result<Kernels, EngineError> {
        let mut all = BTreeMap::new();
        for dispatch in dispatches {
            let variant = dispatch.work.variant(look);
            let key = (dispatch.work, variant);
            if !self.compiled.contains_key(&key) {
                let values = self.constants.values(gpu, key.0, &key.1);
                let kernel = Kernel::new(gpu, key.0.shader(), &values)?;
                self.compiled.insert(key.clone(), Arc::new(kernel));
            }
            all.insert(key.0, Arc::clone(&self.compiled[&key]));
        }
        Ok(Kernels { all, structs: Arc::clone(&self.structs), tiles: self.tiles })
    }
}

impl Work {
    pub(super) fn shader(self) -> &'static Shader {
        match self {
            Self::Deform => &shader::DEFORM,
            Self::ForwardImages => &shader::FORWARD_IMAGES,
            Self::Forward => &shader::FORWARD,
            Self::Hidden => &shader::HIDDEN,
            Self::Tail => &shader::TAIL,
            Self::Backward => &shader::BACKWARD,
            Self::Normalize => &shader::NORMALIZE,
            Self::Update => &shader::UPDATE,
            Self::Gradient => &shader::GRADIENT,
            Self::Adam => &shader::ADAM,
            Self::Logits => &shader::LOGITS,
        }
    }

    /// What of a look matters to it.
    fn variant(self, look: &Look) -> Look {
        match self {
            Self::Deform => Look { taught: false, ..look.clone() },
            Self::Tail => Look { warp: None, ..look.clone() },
            Self::Update | Self::Gradient => Look { mixed: look.floats(), ..Look::default() },
            _ => Look::default(),
        }
    }
}

impl Constants {
    /// What a schedule must know of the model; `floats` where images come deformed or mixed.
    pub(super) fn network<'a>(&self, places: &'a Places, floats: bool) -> Network<'a> {
        let (normalizes, clips) = (self.normalizes(), self.clip_norm.is_some());
        Network { places, tail: self.tail, normalizes, clips, floats }
    }

    pub(super) fn normalizes(&self) -> bool {
        self.model.normalization == Normalization::Layer
    }

    /// Every constant; each shader takes what it has.
    fn values(&self, gpu: &Gpu, work: Work, look: &Look) -> Vec<(&'static str, f64)> {
        let mut values = self.of_model(gpu, work);
        values.extend(self.of_optimizer());
        values.extend(of_look(look));
        values
    }

    fn of_model(&self, gpu: &Gpu, work: Work) -> Vec<(&'static str, f64)> {
        let Self { model, smoothing, tail, .. } = self;
        let activation = match model.activation {
            Activation::Relu => 0.0,
            Activation::Gelu => 1.0,
            Activation::Tanh => 2.0,
        };
        let (factor, term) = model.input.of_bytes();
        let threads = if matches!(work, Work::Tail | Work::Logits) { gpu.tuning.tail_threads } else { ROW_THREADS };
        vec![
            ("ACTIVATION", activation),
            ("DROPOUT", flag(model.dropout > 0.0)),
            ("THRESHOLD", f64::from(drop_threshold(model.dropout))),
            ("KEPT", f64::from((1.0 / (1.0 - model.dropout)) as f32)),
            ("SMOOTHING", f64::from(*smoothing)),
            ("FACTOR", f64::from(factor)),
            ("TERM", f64::from(term)),
            ("GROUPS", tail.groups as f64),
            ("CELLS", tail.cells as f64),
            ("NORMALIZE", flag(self.normalizes())),
            ("SCRATCH", if self.normalizes() { SCRATCH as f64 } else { 1.0 }),
            ("THREADS", f64::from(threads)),
            ("PIXELS", model.inputs.next_multiple_of(4) as f64),
        ]
    }

    fn of_optimizer(&self) -> Vec<(&'static str, f64)> {
        let Self { optimizer, ema_decay, clip_norm, .. } = self;
        let coupled = if optimizer.decoupled { 0.0 } else { f64::from(optimizer.weight_decay) };
        let rest = |decay: f32| f64::from((1.0 - f64::from(decay)) as f32);
        vec![
            ("BETA1", f64::from(optimizer.beta1)),
            ("ONE_MINUS_BETA1", rest(optimizer.beta1)),
            ("BETA2", f64::from(optimizer.beta2)),
            ("ONE_MINUS_BETA2", rest(optimizer.beta2)),
            ("EPSILON", f64::from(optimizer.epsilon)),
            ("DECAY", coupled),
            ("AVERAGED", flag(ema_decay.is_some())),
            ("FOLLOW", ema_decay.map_or(1.0, rest)),
            ("CLIP", f64::from(clip_norm.unwrap_or(1.0))),
        ]
    }
}

fn of_look(look: &Look) -> Vec<(&'static str, f64)> {
    let elastic = look.warp.as_ref().is_some_and(|warp| warp.elastic.is_some());
    let mut values = vec![
        ("WARPED", flag(look.warp.is_some())),
        ("ELASTIC", flag(elastic)),
        ("MIXED", flag(look.mixed)),
        ("TEACHER", flag(look.taught)),
        ("PACKED", flag(!look.floats())),
    ];
    if let Some(warp) = &look.warp {
        let [coefficients, partials] = warp.floats();
        let sizes = [("COEFFICIENTS", coefficients), ("PARTIALS", partials)];
        values.extend(sizes.map(|(name, size)| (name, size as f64)));
    }
    values
}

fn flag(on: bool) -> f64 {
    f64::from(u8::from(on))
}
