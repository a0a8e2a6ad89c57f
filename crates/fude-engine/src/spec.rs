//! Which engine, for which model: the one place where engines are made.

use crate::{Device, DeviceData, DeviceKind, Engine, EngineError, Needs};
use fude_model::{MlpConfig, Parameters};
use std::fmt;
use std::str::FromStr;

/// A code path that trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Burn's modules, autodiff and optimisers: the reference.
    Burn,
    /// fude's own training step.
    Fused,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Burn => "burn",
            Self::Fused => "fused",
        })
    }
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "burn" => Ok(Self::Burn),
            "fused" => Ok(Self::Fused),
            other => Err(format!("expected burn or fused, found '{other}'")),
        }
    }
}

/// Adam, or AdamW, as PyTorch has them.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the square root of the second moment.
    pub epsilon: f32,
    /// Weight decay on all parameters.
    pub weight_decay: f32,
    /// Whether decay is decoupled (AdamW) or part of the gradient (Adam).
    pub decoupled: bool,
}

/// PyTorch's defaults for Adam.
impl Default for OptimizerSpec {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

/// What an engine is to train.
#[derive(Clone)]
pub struct EngineSpec {
    /// The models' shape.
    pub model: MlpConfig,
    /// The update rule.
    pub optimizer: OptimizerSpec,
    /// Label smoothing, in [0, 1).
    pub label_smoothing: f32,
    /// Decay of an exponential moving average of the parameters, `e += (1 - decay) (w - e)` after each step; none keeps
    /// no average.
    pub ema_decay: Option<f32>,
    /// The largest global norm of a step's gradient, above which it is scaled down (`torch.nn.utils.clip_grad_norm_`).
    pub clip_norm: Option<f32>,
    /// Initial parameters, one a model `[M]`.
    pub parameters: Vec<Parameters>,
    /// The training images.
    pub train: DeviceData,
}

impl EngineSpec {
    /// A plain specification: Adam as PyTorch has it, and nothing beside.
    pub fn new(model: MlpConfig, parameters: Vec<Parameters>, train: DeviceData) -> Self {
        let optimizer = OptimizerSpec::default();
        Self { model, optimizer, label_smoothing: 0.0, ema_decay: None, clip_norm: None, parameters, train }
    }
}

/// The engines of this build, the default first.
pub fn supported_engines() -> &'static [EngineKind] {
    if cfg!(feature = "burn") { &[EngineKind::Fused, EngineKind::Burn] } else { &[EngineKind::Fused] }
}

/// Makes an engine on a device; `kind` none takes `fused`, or `burn` where `fused` cannot train the model.
///
/// # Errors
/// Where this build lacks the engine, or the engine cannot train such a model.
pub fn build(kind: Option<EngineKind>, device: &Device, spec: EngineSpec) -> Result<Box<dyn Engine>, EngineError> {
    spec.train.require_fit(spec.model.inputs, spec.model.outputs)?;
    match kind.unwrap_or_else(|| choose_engine(device, &Needs::new(&spec.model)).0) {
        EngineKind::Fused => crate::fused::build(device, spec),
        #[cfg(feature = "burn")]
        EngineKind::Burn => Ok(Box::new(crate::burn::BurnEngine::new(device, spec)?)),
        #[cfg(not(feature = "burn"))]
        EngineKind::Burn => Err(EngineError::Unsupported { engine: "burn", why: "is not part of this build".into() }),
    }
}

/// Whether an engine can do what is needed on a device, without making it.
///
/// # Errors
/// [`EngineError::Unsupported`], with the reason.
pub fn require_support(kind: EngineKind, device: &Device, needs: &Needs) -> Result<(), EngineError> {
    let why = match kind {
        EngineKind::Fused => crate::fused::unsupported(device, needs),
        EngineKind::Burn if !cfg!(feature = "burn") => Some("is not part of this build".to_owned()),
        EngineKind::Burn => needs.pruned.then(|| "prunes no weights: its optimisers know no masks".to_owned()),
    };
    let engine = if kind == EngineKind::Fused { "fused" } else { "burn" };
    why.map_or(Ok(()), |why| Err(EngineError::Unsupported { engine, why }))
}

/// The engine on a device where nobody asks for a certain one, and why it is not `fused` where it is not.
pub fn choose_engine(device: &Device, needs: &Needs) -> (EngineKind, Option<String>) {
    match crate::fused::unsupported(device, needs) {
        // What prunes is `fused` alone: it says what is in the way.
        Some(why) if cfg!(feature = "burn") && !needs.pruned => {
            let tunes =
                if device.kind() == DeviceKind::Gpu { ", after tuning its kernels for a minute or more" } else { "" };
            (EngineKind::Burn, Some(format!("engine 'fused' {why}; engine 'burn' trains it{tunes}")))
        }
        _ => (EngineKind::Fused, None),
    }
}
