//! fude's own training step.
//!
//! Where Burn runs some forty kernels a step, `fused` runs two phases on the CPU (`cpu::step`) and three dispatches on a
//! GPU (`gpu::schedule`). It covers the models that people train on small images; [`unsupported`] says why not, where it
//! does not.

mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;

pub use cpu::Int8Engine;
pub use cpu::deform;
#[cfg(feature = "burn")]
pub(crate) use cpu::step_inputs;

use crate::parts::{StepOf, StepPart};
use crate::{Device, DeviceKind, Engine, EngineError, EngineSpec, Needs};

/// The most hidden layers.
const MAX_HIDDEN_LAYERS: usize = 8;
/// The most units of a hidden layer.
const MAX_HIDDEN_UNITS: usize = 2048;

/// Why `fused` cannot do what is needed on this device, in words that follow "engine 'fused'"; none where it can.
pub fn unsupported(device: &Device, needs: &Needs) -> Option<String> {
    let model = &needs.model;
    let widest = model.hidden.iter().copied().max().unwrap_or(0);
    if model.hidden.len() > MAX_HIDDEN_LAYERS {
        return Some(format!(
            "trains at most {MAX_HIDDEN_LAYERS} hidden layers, this model has {}",
            model.hidden.len()
        ));
    }
    if widest > MAX_HIDDEN_UNITS {
        return Some(format!("trains layers of at most {MAX_HIDDEN_UNITS} units, this model has one of {widest}"));
    }
    match device {
        Device::Cpu(_) => None,
        #[cfg(feature = "gpu")]
        Device::Gpu(_) if needs.pruned => Some("prunes weights on the CPU alone, whose step has the masks".into()),
        #[cfg(feature = "gpu")]
        Device::Gpu(gpu) => gpu::unsupported(&gpu.fused(), needs),
    }
}

/// The most models that one `fused` engine takes in the dispatches of one on this device; 1 on the processor, where each
/// has an engine and a share of the threads.
pub fn models_at_once(device: &Device, needs: &Needs) -> usize {
    if device.kind() == DeviceKind::Cpu {
        return 1;
    }
    let fits = |&models: &usize| unsupported(device, &Needs { models, ..needs.clone() }).is_none();
    (1..).take_while(fits).last().unwrap_or(1)
}

/// Makes the engine.
///
/// # Errors
/// What [`unsupported`] says, or where the system refuses threads.
pub(crate) fn build(device: &Device, spec: EngineSpec) -> Result<Box<dyn Engine>, EngineError> {
    let needs = Needs { models: spec.parameters.len(), ..Needs::new(&spec.model) };
    if let Some(why) = unsupported(device, &needs) {
        return Err(EngineError::Unsupported { engine: "fused", why });
    }
    match device {
        Device::Cpu(cpu) => Ok(Box::new(cpu::CpuEngine::new(cpu, spec)?)),
        #[cfg(feature = "gpu")]
        Device::Gpu(gpu) => Ok(Box::new(gpu::GpuEngine::new(gpu, spec)?)),
    }
}

/// The parts of a step, each to be timed by itself.
///
/// # Errors
/// Device errors, or a step that `fused` does not do on the device.
pub(crate) fn parts(device: &Device, of: &StepOf) -> Result<Vec<StepPart>, EngineError> {
    if let Some(why) = unsupported(device, &Needs::new(&of.model)) {
        return Err(EngineError::Unsupported { engine: "fused", why });
    }
    match device {
        Device::Cpu(_) => Ok(cpu::parts::parts(of)),
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => gpu::check::parts(device, of),
    }
}
