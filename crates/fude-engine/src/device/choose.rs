//! Which device a run takes, and what the user is told about it.

#[cfg(feature = "gpu")]
use super::{Adapter, AdapterKind, adapters};
use super::{CpuInfo, Device};
use crate::DeviceError;
use std::convert::Infallible;
use std::str::FromStr;

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceRequest {
    /// A real GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// A GPU; without one the CPU, with a warning.
    Gpu,
    /// The CPU.
    Cpu,
    /// The device with this in its name, whatever it is.
    Named(String),
}

impl FromStr for DeviceRequest {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            // An unset variable in a script is no name, and every name contains it.
            "auto" | "" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            name => Self::Named(name.to_owned()),
        })
    }
}

/// What the user asked for, and how strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceOptions {
    /// The device.
    pub request: DeviceRequest,
    /// Whether it is an error that there is no GPU.
    pub require_gpu: bool,
    /// Whether a software adapter counts as a GPU.
    pub allow_software: bool,
}

/// The device that is taken, and why.
#[derive(Clone)]
pub struct DeviceChoice {
    /// The device, ready to be used.
    pub device: Device,
    /// Why this one, in a sentence.
    pub why: String,
    /// What the user should not overlook.
    pub warning: Option<String>,
}

impl DeviceChoice {
    fn cpu(why: impl Into<String>, warning: Option<String>) -> Self {
        Self { device: Device::Cpu(CpuInfo::of_this_machine()), why: why.into(), warning }
    }
}

/// Finds and opens the device that was asked for.
///
/// # Errors
/// No GPU where one is required, a name that no device has, an adapter that refuses to open.
pub fn choose_device(options: &DeviceOptions) -> Result<DeviceChoice, DeviceError> {
    match &options.request {
        DeviceRequest::Cpu if options.require_gpu => {
            Err(DeviceError::NoGpu("the CPU was asked for, and a GPU is required".into()))
        }
        DeviceRequest::Cpu => Ok(DeviceChoice::cpu("the CPU was asked for", None)),
        DeviceRequest::Named(name) => named(name, options),
        DeviceRequest::Gpu => gpu_or_cpu(options, true),
        DeviceRequest::Auto => gpu_or_cpu(options, options.require_gpu),
    }
}

/// Why a build without GPU support finds none.
#[cfg(not(feature = "gpu"))]
pub(super) const NO_SUPPORT: &str = "this build of fude has no GPU support (feature `gpu`)";

#[cfg(not(feature = "gpu"))]
fn gpu_or_cpu(options: &DeviceOptions, wanted: bool) -> Result<DeviceChoice, DeviceError> {
    let missing = NO_SUPPORT;
    if options.require_gpu {
        return Err(DeviceError::NoGpu(missing.into()));
    }
    Ok(DeviceChoice::cpu(missing, wanted.then(|| format!("{missing}; training on the CPU"))))
}

#[cfg(not(feature = "gpu"))]
fn named(name: &str, options: &DeviceOptions) -> Result<DeviceChoice, DeviceError> {
    cpu_named(name, options, Vec::new())
}

#[cfg(feature = "gpu")]
fn gpu_or_cpu(options: &DeviceOptions, wanted: bool) -> Result<DeviceChoice, DeviceError> {
    let found = adapters::found();
    let missing = missing_reason(found.iter().map(|found| &found.adapter));
    let usable = |adapter: &Adapter| adapter.kind != AdapterKind::Software || options.allow_software;
    let Some(best) = found.into_iter().find(|found| usable(&found.adapter)) else {
        if options.require_gpu {
            return Err(DeviceError::NoGpu(missing));
        }
        let warning = wanted.then(|| format!("no GPU: {missing}; training on the CPU"));
        return Ok(DeviceChoice::cpu(format!("no GPU: {missing}"), warning));
    };
    let why = format!("{} {} through {}", best.adapter.kind, best.adapter.name, best.adapter.api);
    match best.open() {
        Ok(gpu) => Ok(DeviceChoice { device: Device::Gpu(gpu), why, warning: None }),
        Err(error) if options.require_gpu => Err(error),
        Err(error) => {
            Ok(DeviceChoice::cpu(format!("the GPU failed: {error}"), Some(format!("{error}; training on the CPU"))))
        }
    }
}

#[cfg(feature = "gpu")]
fn named(name: &str, options: &DeviceOptions) -> Result<DeviceChoice, DeviceError> {
    let found = adapters::found();
    let names = found.iter().map(|f| f.adapter.name.clone()).collect();
    let contains = |text: &str| text.to_lowercase().contains(&name.to_lowercase());
    match found.into_iter().find(|f| contains(&f.adapter.name)) {
        Some(adapter) => {
            let why = format!("'{name}' was asked for: {} through {}", adapter.adapter.name, adapter.adapter.api);
            Ok(DeviceChoice { device: Device::Gpu(adapter.open()?), why, warning: None })
        }
        None => cpu_named(name, options, names),
    }
}

/// The CPU, where its own name was asked for.
fn cpu_named(name: &str, options: &DeviceOptions, mut found: Vec<String>) -> Result<DeviceChoice, DeviceError> {
    let cpu = CpuInfo::of_this_machine();
    if !options.require_gpu && cpu.name.to_lowercase().contains(&name.to_lowercase()) {
        return Ok(DeviceChoice::cpu(format!("'{name}' was asked for"), None));
    }
    found.push(format!("{} (CPU)", cpu.name));
    Err(DeviceError::NoSuchDevice { wanted: name.to_owned(), found: found.join(", ") })
}

/// What was looked for and what was found instead.
#[cfg(feature = "gpu")]
pub(super) fn missing_reason<'a>(adapters: impl Iterator<Item = &'a Adapter>) -> String {
    let found: Vec<String> = adapters.map(|a| format!("{} ({}, {})", a.name, a.api, a.kind)).collect();
    let apis = if cfg!(target_os = "macos") {
        "a Metal adapter"
    } else if cfg!(windows) {
        "a DX12 or Vulkan adapter"
    } else {
        "a Vulkan adapter"
    };
    if found.is_empty() {
        format!("looked for {apis}, found none")
    } else {
        format!("looked for {apis}, found only {} (--allow-software takes software adapters)", found.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_from_text() {
        let read = |text: &str| text.parse::<DeviceRequest>().unwrap_or_default();
        assert_eq!(read("gpu"), DeviceRequest::Gpu);
        assert_eq!(read("Radeon"), DeviceRequest::Named("Radeon".into()));
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let options = DeviceOptions { request: DeviceRequest::Named("no such thing".into()), ..Default::default() };
        let Err(error) = choose_device(&options) else { panic!("a device was found") };
        assert!(error.to_string().contains("(CPU)"), "{error}");
    }

    #[test]
    fn requiring_a_gpu_and_asking_for_the_cpu_is_an_error() {
        let options = DeviceOptions { request: DeviceRequest::Cpu, require_gpu: true, allow_software: false };
        assert!(matches!(choose_device(&options), Err(DeviceError::NoGpu(_))));
    }
}
