//! The devices that `auto` chooses from, found and not opened yet.

#[cfg(feature = "gpu")]
use super::AdapterKind;
#[cfg(feature = "gpu")]
use super::adapters::{self, Found};
use super::choose::DeviceChoice;
#[cfg(feature = "gpu")]
use super::choose::missing_reason;
use super::{CpuInfo, Device, DeviceKind};
use crate::DeviceError;

/// A device that may be taken.
#[derive(Clone)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// `gpu` or `cpu`.
    pub kind: DeviceKind,
    /// What else decides how fast it is: API and driver, or SIMD level and threads.
    pub detail: String,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Cpu(CpuInfo),
    #[cfg(feature = "gpu")]
    Gpu(Box<Found>),
}

impl Candidate {
    fn cpu() -> Self {
        let cpu = CpuInfo::of_this_machine();
        let detail = format!("{}, {} threads", cpu.simd, cpu.threads);
        Self { name: cpu.name.clone(), kind: DeviceKind::Cpu, detail, source: Source::Cpu(cpu) }
    }

    #[cfg(feature = "gpu")]
    fn gpu(found: Found) -> Self {
        let adapter = &found.adapter;
        let (name, detail) = (adapter.name.clone(), format!("{}, {}", adapter.api, adapter.driver));
        Self { name, kind: DeviceKind::Gpu, detail, source: Source::Gpu(Box::new(found)) }
    }

    /// Makes it ready to be used.
    ///
    /// # Errors
    /// A GPU that refuses.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self.source {
            Source::Cpu(cpu) => Ok(Device::Cpu(cpu)),
            #[cfg(feature = "gpu")]
            Source::Gpu(found) => Ok(Device::Gpu(found.open()?)),
        }
    }
}

/// What `auto` chooses from.
pub struct Candidates {
    /// Real GPUs, best first, and the processor at last.
    pub devices: Vec<Candidate>,
    /// Why there is no GPU among them.
    missing: Option<String>,
}

impl Candidates {
    /// Looks at this machine. Of a GPU that several APIs offer, the first one counts.
    #[cfg(feature = "gpu")]
    pub fn of_this_machine(allow_software: bool) -> Self {
        let found = adapters::found();
        let missing = missing_reason(found.iter().map(|found| &found.adapter));
        let mut devices: Vec<Candidate> = Vec::new();
        for found in found.into_iter().filter(|f| allow_software || f.adapter.kind != AdapterKind::Software) {
            if devices.iter().all(|other| other.name != found.adapter.name) {
                devices.push(Candidate::gpu(found));
            }
        }
        let missing = devices.is_empty().then_some(missing);
        devices.push(Candidate::cpu());
        Self { devices, missing }
    }

    /// Looks at this machine.
    #[cfg(not(feature = "gpu"))]
    pub fn of_this_machine(_allow_software: bool) -> Self {
        Self { devices: vec![Candidate::cpu()], missing: Some(super::choose::NO_SUPPORT.into()) }
    }

    /// The processor, where it is the only one.
    pub fn only_cpu(&self) -> Option<DeviceChoice> {
        let why = format!("no GPU: {}", self.missing.as_ref()?);
        Some(DeviceChoice { device: Device::cpu(), why, warning: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_always_a_candidate_and_the_last() {
        let candidates = Candidates::of_this_machine(true);
        let last = candidates.devices.last().unwrap();
        assert_eq!((last.kind, last.clone().open().unwrap().name()), (DeviceKind::Cpu, last.name.as_str()));
        assert_eq!(candidates.only_cpu().is_some(), candidates.devices.len() == 1);
    }
}
