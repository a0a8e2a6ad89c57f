//! Images on a device.

#[cfg(feature = "gpu")]
use crate::fused::gpu::{Gpu, Packed};
use crate::{Device, EngineError};
use fude_data::Split;
use std::sync::Arc;
#[cfg(feature = "gpu")]
use std::sync::OnceLock;

/// Labelled images, uploaded once and shared by engines: seeds, sweeps and ensembles use the same copy.
#[derive(Clone)]
pub struct DeviceData {
    pub(crate) split: Arc<Split>,
    pub(crate) classes: usize,
    #[cfg(feature = "gpu")]
    gpu: Option<Arc<OnGpu>>,
}

/// Images on a GPU, in the form of each engine that uses them.
#[cfg(feature = "gpu")]
struct OnGpu {
    device: crate::device::GpuDevice,
    fused: OnceLock<Option<Packed>>,
    #[cfg(feature = "burn")]
    burn: OnceLock<Option<crate::burn::PackedImages>>,
}

impl DeviceData {
    /// Takes a split to a device. On the CPU nothing is copied; to a GPU it is copied when an engine first uses it.
    ///
    /// # Errors
    /// Where the device refuses.
    pub fn upload(split: Arc<Split>, classes: usize, device: &Device) -> Result<Self, EngineError> {
        #[cfg(feature = "gpu")]
        let gpu = match device {
            Device::Cpu(_) => None,
            Device::Gpu(device) => Some(Arc::new(OnGpu::new(device))),
        };
        #[cfg(not(feature = "gpu"))]
        let _ = device;
        Ok(Self {
            split,
            classes,
            #[cfg(feature = "gpu")]
            gpu,
        })
    }

    /// The images' bytes on the GPU, for the fused engine; none where they are too many for one binding.
    ///
    /// # Errors
    /// Where the device refuses, or it was uploaded to the CPU.
    #[cfg(feature = "gpu")]
    pub(crate) fn packed(&self, gpu: &Gpu) -> Result<Option<&Packed>, EngineError> {
        let on_cpu = || EngineError::Device("the images were uploaded to another device".into());
        let slot = &self.gpu.as_ref().ok_or_else(on_cpu)?.fused;
        match slot.get() {
            Some(packed) => Ok(packed.as_ref()),
            None => {
                let packed = Packed::upload(gpu, &self.split)?;
                Ok(slot.get_or_init(|| packed).as_ref())
            }
        }
    }

    /// The images on the GPU as Burn's tensor; none on the CPU, or where they are too large for one binding.
    ///
    /// # Errors
    /// Where the device refuses.
    #[cfg(all(feature = "burn", feature = "gpu"))]
    pub(crate) fn burn(&self) -> Result<Option<&crate::burn::PackedImages>, EngineError> {
        let Some(on_gpu) = &self.gpu else { return Ok(None) };
        if on_gpu.burn.get().is_none() {
            let packed = crate::burn::PackedImages::upload(&self.split, &on_gpu.device.burn()?)?;
            return Ok(on_gpu.burn.get_or_init(|| packed).as_ref());
        }
        Ok(on_gpu.burn.get().and_then(Option::as_ref))
    }

    /// N.
    pub fn len(&self) -> usize {
        self.split.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.split.is_empty()
    }

    /// I.
    pub fn inputs(&self) -> usize {
        self.split.inputs()
    }

    /// O.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Checks that a model takes these images and knows their classes.
    ///
    /// # Errors
    /// [`EngineError::Inputs`], [`EngineError::Classes`].
    pub(crate) fn require_fit(&self, inputs: usize, outputs: usize) -> Result<(), EngineError> {
        if self.inputs() != inputs {
            return Err(EngineError::Inputs { expected: inputs, found: self.inputs() });
        }
        if self.classes != outputs {
            return Err(EngineError::Classes { expected: outputs, found: self.classes });
        }
        Ok(())
    }

    /// Whether these are that split, taken to that device.
    pub(crate) fn is_of(&self, split: &Arc<Split>, classes: usize, device: &Device) -> bool {
        #[cfg(feature = "gpu")]
        let there = match (&self.gpu, device) {
            (Some(own), Device::Gpu(device)) => own.device.is_same(device),
            (own, device) => own.is_none() && device.kind() == crate::DeviceKind::Cpu,
        };
        #[cfg(not(feature = "gpu"))]
        let there = device.kind() == crate::DeviceKind::Cpu;
        there && self.classes == classes && Arc::ptr_eq(&self.split, split)
    }

    /// Whether both are the same upload of the same images.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        #[cfg(feature = "gpu")]
        let upload = match (&self.gpu, &other.gpu) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        };
        #[cfg(not(feature = "gpu"))]
        let upload = true;
        upload && self.classes == other.classes && Arc::ptr_eq(&self.split, &other.split)
    }

    /// The images, on the host.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// The labels, `[N]`.
    pub fn labels(&self) -> &[u8] {
        &self.split.labels
    }
}

#[cfg(feature = "gpu")]
impl OnGpu {
    fn new(device: &crate::device::GpuDevice) -> Self {
        Self {
            device: device.clone(),
            fused: OnceLock::new(),
            #[cfg(feature = "burn")]
            burn: OnceLock::new(),
        }
    }
}
