//! fude's own training step.
//!
//! Where Burn runs some forty kernels a step, `fused` runs two phases: see `cpu::step`. It covers the models that people
//! train on small images; [`unsupported`] says why not, where it does not.

mod cpu;

pub use cpu::Int8Engine;
pub use cpu::deform;
#[cfg(feature = "burn")]
pub(crate) use cpu::step_inputs;

use crate::{Device, Engine, EngineError, EngineSpec};
use fude_model::MlpConfig;

/// The most hidden layers.
const MAX_HIDDEN_LAYERS: usize = 8;
/// The most units of a hidden layer.
const MAX_HIDDEN_UNITS: usize = 2048;

/// Why `fused` cannot train such a model on this device, in words that follow "engine 'fused'"; none where it can.
pub fn unsupported(device: &Device, model: &MlpConfig) -> Option<String> {
    let widest = model.hidden.iter().copied().max().unwrap_or(0);
    match device {
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => Some("runs on the CPU only".into()),
        Device::Cpu(_) if model.hidden.len() > MAX_HIDDEN_LAYERS => {
            Some(format!("trains at most {MAX_HIDDEN_LAYERS} hidden layers, this model has {}", model.hidden.len()))
        }
        Device::Cpu(_) if widest > MAX_HIDDEN_UNITS => {
            Some(format!("trains layers of at most {MAX_HIDDEN_UNITS} units, this model has one of {widest}"))
        }
        Device::Cpu(_) => None,
    }
}

/// Makes the engine.
///
/// # Errors
/// What [`unsupported`] says, or where the system refuses threads.
pub(crate) fn build(device: &Device, spec: EngineSpec) -> Result<Box<dyn Engine>, EngineError> {
    if let Some(why) = unsupported(device, &spec.model) {
        return Err(EngineError::Unsupported { engine: "fused", why });
    }
    match device {
        Device::Cpu(cpu) => Ok(Box::new(cpu::CpuEngine::new(cpu, spec)?)),
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => Err(EngineError::Unsupported { engine: "fused", why: "runs on the CPU only".into() }),
    }
}
