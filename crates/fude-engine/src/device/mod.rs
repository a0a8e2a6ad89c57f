//! The hardware of this machine, and which of it a run takes.

#[cfg(feature = "gpu")]
mod adapters;
mod candidate;
mod choose;
mod cpu;
mod cpu_name;

#[cfg(feature = "gpu")]
pub(crate) use adapters::GpuDevice;
pub use candidate::{Candidate, Candidates};
pub use choose::{DeviceChoice, DeviceOptions, DeviceRequest, choose_device};
pub use cpu::CpuInfo;

use serde::{Deserialize, Serialize};
use std::fmt;

/// Hardware that is ready to be used.
#[derive(Clone)]
pub enum Device {
    /// This machine's processor.
    Cpu(CpuInfo),
    /// An opened GPU.
    #[cfg(feature = "gpu")]
    Gpu(GpuDevice),
}

impl Device {
    /// Its name, as people know it.
    pub fn name(&self) -> &str {
        match self {
            Self::Cpu(cpu) => &cpu.name,
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => &gpu.adapter.name,
        }
    }

    /// `gpu` or `cpu`.
    pub fn kind(&self) -> DeviceKind {
        match self {
            Self::Cpu(_) => DeviceKind::Cpu,
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => DeviceKind::Gpu,
        }
    }

    /// The same hardware for one of `jobs` that use it at once: on the processor each has its share of the threads.
    #[must_use]
    pub fn shared_by(&self, jobs: usize) -> Self {
        match self {
            Self::Cpu(cpu) => {
                let threads = (cpu.threads / jobs.max(1)).max(1);
                Self::Cpu(CpuInfo { threads, ..cpu.clone() })
            }
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => Self::Gpu(gpu.clone()),
        }
    }

    /// Whether both are the processor, or one opening of one GPU.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cpu(_), Self::Cpu(_)) => true,
            #[cfg(feature = "gpu")]
            (Self::Gpu(own), Self::Gpu(other)) => own.is_same(other),
            #[cfg(feature = "gpu")]
            _ => false,
        }
    }

    /// The processor of this machine.
    pub fn cpu() -> Self {
        Self::Cpu(CpuInfo::of_this_machine())
    }
}

/// Kinds of hardware, as summaries name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A graphics processor, or software that poses as one.
    Gpu,
    /// The processor.
    Cpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        })
    }
}

/// A GPU adapter that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Adapter {
    /// The driver's name for it.
    pub name: String,
    /// `Vulkan`, `Metal` or `Dx12`.
    pub api: String,
    /// What it is.
    pub kind: AdapterKind,
    /// The driver and its version.
    pub driver: String,
    /// Largest buffer that a shader may bind, in bytes.
    pub max_storage_binding: u64,
    /// Largest buffer, in bytes.
    pub max_buffer: u64,
    /// Workgroup memory, in bytes.
    pub workgroup_memory: u32,
    /// Invocations a workgroup.
    pub workgroup_invocations: u32,
    /// Smallest and largest subgroup.
    pub subgroup: [u32; 2],
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
}

/// What an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A card with memory of its own.
    Discrete,
    /// Part of the processor.
    Integrated,
    /// Handed into a virtual machine.
    Virtual,
    /// The driver does not say.
    Other,
    /// Software on the processor (llvmpipe, WARP, SwiftShader).
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
        })
    }
}

/// Every GPU adapter of this machine, opened; software adapters where they are allowed.
#[cfg(feature = "gpu")]
pub fn open_adapters(allow_software: bool) -> Vec<(Adapter, Result<Device, crate::DeviceError>)> {
    let usable = |adapter: &Adapter| adapter.kind != AdapterKind::Software || allow_software;
    let found = adapters::found().into_iter().filter(|found| usable(&found.adapter));
    found.map(|found| (found.adapter.clone(), found.open().map(Device::Gpu))).collect()
}

/// Every GPU adapter of this machine, best first; empty in a build without GPU support.
pub fn adapters() -> Vec<Adapter> {
    #[cfg(feature = "gpu")]
    return adapters::found().into_iter().map(|found| found.adapter).collect();
    #[cfg(not(feature = "gpu"))]
    Vec::new()
}
