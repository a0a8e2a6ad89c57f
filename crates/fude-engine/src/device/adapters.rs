//! GPU adapters through wgpu: what is there, and opening one.

use super::{Adapter, AdapterKind};
use crate::DeviceError;
#[cfg(feature = "burn")]
use crate::EngineError;
use crate::fused::gpu::Gpu;
use std::sync::Arc;
#[cfg(feature = "burn")]
use std::sync::{Mutex, PoisonError};

/// An adapter that was found and can be opened.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) adapter: Adapter,
    #[cfg_attr(not(feature = "burn"), allow(dead_code, reason = "Burn wants it"))]
    instance: wgpu::Instance,
    handle: wgpu::Adapter,
}

/// An opened GPU. Engines share it: clones are handles to the same device.
#[derive(Clone)]
pub struct GpuDevice {
    pub(crate) adapter: Adapter,
    fused: Arc<Gpu>,
    #[cfg(feature = "burn")]
    burn: Arc<BurnDevice>,
}

/// The adapter for Burn, opened when its engine is first used: half a second that `fused` does not wait for.
#[cfg(feature = "burn")]
struct BurnDevice {
    found: Found,
    opened: Mutex<Option<burn::tensor::Device>>,
}

impl GpuDevice {
    /// The device of the fused engine.
    pub(crate) fn fused(&self) -> Arc<Gpu> {
        Arc::clone(&self.fused)
    }

    /// Whether both are one opening of one adapter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.fused, &other.fused)
    }

    /// Ends the fused engine's device as a lost one ends: for tests of what happens then.
    #[doc(hidden)]
    pub fn destroy(&self) {
        self.fused.destroy();
    }

    /// Lets the fused engine put at most so many bytes of images on the GPU: for tests of what happens beyond.
    #[doc(hidden)]
    pub fn limit_images(&self, bytes: u64) {
        self.fused.limit_images(bytes);
    }

    /// Whether the fused engine's device has WebGPU's default limits and no features: for a test.
    #[doc(hidden)]
    pub fn has_default_limits(&self) -> bool {
        self.fused.has_default_limits()
    }

    /// The device of the Burn engine.
    ///
    /// # Errors
    /// Where the adapter refuses.
    #[cfg(feature = "burn")]
    pub(crate) fn burn(&self) -> Result<burn::tensor::Device, EngineError> {
        let mut opened = self.burn.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(device) = opened.as_ref() {
            return Ok(device.clone());
        }
        let device = self.burn.found.open_for_burn().map_err(|error| EngineError::Device(error.to_string()))?;
        Ok(opened.insert(device).clone())
    }
}

/// Every adapter of Vulkan, Metal and DX12, best first: real GPUs before software, discrete before integrated.
///
/// Not OpenGL's: no engine runs on them, and looking for them wakes EGL, which prints complaints of its own.
pub(crate) fn found() -> Vec<Found> {
    let backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let handles = pollster::block_on(instance.enumerate_adapters(backends));
    let mut all: Vec<Found> = handles
        .into_iter()
        .map(|handle| Found { adapter: describe(&handle), instance: instance.clone(), handle })
        .collect();
    all.sort_by_key(|found| found.adapter.kind);
    all
}

fn describe(handle: &wgpu::Adapter) -> Adapter {
    let info = handle.get_info();
    let limits = handle.limits();
    Adapter {
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Other,
        },
        api: format!("{:?}", info.backend),
        driver: [info.driver.as_str(), info.driver_info.as_str()].join(" ").trim().to_owned(),
        name: info.name,
        max_storage_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        workgroup_memory: limits.max_compute_workgroup_storage_size,
        workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        subgroup: [info.subgroup_min_size, info.subgroup_max_size],
        f16: handle.features().contains(wgpu::Features::SHADER_F16),
    }
}

impl Found {
    /// Opens the adapter.
    pub(crate) fn open(self) -> Result<GpuDevice, DeviceError> {
        let fused = pollster::block_on(Gpu::open(&self.handle, self.adapter.kind)).map_err(|why| self.failed(why))?;
        Ok(GpuDevice {
            adapter: self.adapter.clone(),
            fused: Arc::new(fused),
            #[cfg(feature = "burn")]
            burn: Arc::new(BurnDevice { found: self, opened: Mutex::new(None) }),
        })
    }

    fn failed(&self, why: String) -> DeviceError {
        DeviceError::Open { adapter: self.adapter.name.clone(), why }
    }

    /// Opens the adapter with all its limits and hands the device to Burn.
    #[cfg(feature = "burn")]
    fn open_for_burn(&self) -> Result<burn::tensor::Device, DeviceError> {
        use burn::tensor::wgpu::WgpuSetup;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("fude burn"),
            required_features: self.handle.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS)
                - wgpu::Features::all_experimental_mask(),
            required_limits: self.handle.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(self.handle.request_device(&descriptor)).map_err(|e| self.failed(e.to_string()))?;
        let (instance, adapter) = (self.instance.clone(), self.handle.clone());
        let setup = WgpuSetup { instance, adapter, device, queue, backend: self.handle.get_info().backend };
        burn::tensor::Device::wgpu_options().setup(setup).init().map_err(|error| self.failed(error.to_string()))
    }
}
