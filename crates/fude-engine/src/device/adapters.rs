//! GPU adapters through wgpu: what is there, and opening one.

use super::{Adapter, AdapterKind};
use crate::DeviceError;

/// An adapter that was found and can be opened.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) adapter: Adapter,
    instance: wgpu::Instance,
    handle: wgpu::Adapter,
}

/// An opened GPU. Engines share it: clones are handles to the same device.
#[derive(Clone)]
pub struct GpuDevice {
    pub(crate) adapter: Adapter,
    #[cfg(feature = "burn")]
    pub(crate) burn: burn::tensor::Device,
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
    /// Opens the adapter with all its limits, and hands the device to Burn too, so that both see the same memory.
    pub(crate) fn open(self) -> Result<GpuDevice, DeviceError> {
        let failed = |why: String| DeviceError::Open { adapter: self.adapter.name.clone(), why };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("fude"),
            required_features: self.handle.features().difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS)
                - wgpu::Features::all_experimental_mask(),
            required_limits: self.handle.limits(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(self.handle.request_device(&descriptor)).map_err(|error| failed(error.to_string()))?;
        #[cfg(feature = "burn")]
        let burn = {
            use burn::tensor::wgpu::WgpuSetup;
            let backend = self.handle.get_info().backend;
            let setup = WgpuSetup { instance: self.instance, adapter: self.handle, device, queue, backend };
            burn::tensor::Device::wgpu_options().setup(setup).init().map_err(|error| failed(error.to_string()))?
        };
        #[cfg(not(feature = "burn"))]
        let _ = (self.instance, device, queue);
        Ok(GpuDevice {
            adapter: self.adapter,
            #[cfg(feature = "burn")]
            burn,
        })
    }
}
