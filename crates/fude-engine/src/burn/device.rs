//! Burn's side of a device: opening it, waiting for values, and what it does where it fails.

use crate::{Device, EngineError};
use burn::tensor::{Device as BurnDevice, Tensor};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Turns a panic into an error: Burn panics where a GPU is lost or refuses, and a run must then end with its reason
/// and its checkpoint. The engine is not used again after that.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(EngineError::Device(text.unwrap_or("it stopped without a reason").to_owned()))
    })
}

pub(super) fn burn_device(device: &Device) -> Result<BurnDevice, EngineError> {
    match device {
        Device::Cpu(_) => Ok(BurnDevice::flex()),
        #[cfg(feature = "gpu")]
        Device::Gpu(gpu) => gpu.burn(),
    }
}

pub(super) fn detail(device: &Device) -> String {
    match device {
        Device::Cpu(cpu) => format!("{}, {} threads", cpu.simd, cpu.threads),
        #[cfg(feature = "gpu")]
        Device::Gpu(gpu) => format!("{}, {}", gpu.adapter.api, gpu.adapter.driver),
    }
}

/// Waits for a tensor's values.
pub(super) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, EngineError> {
    let failed = |error: String| EngineError::Device(error);
    let data = tensor.try_into_data().map_err(|error| failed(format!("{error:?}")))?;
    data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
}
