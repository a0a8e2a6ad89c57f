//! Images on a device.

use crate::{Device, EngineError};
use fude_data::Split;
use std::sync::Arc;

/// Labelled images, uploaded once and shared by engines: seeds, sweeps and ensembles use the same copy.
#[derive(Clone)]
pub struct DeviceData {
    pub(crate) split: Arc<Split>,
    pub(crate) classes: usize,
    #[cfg(all(feature = "burn", feature = "gpu"))]
    pub(crate) burn: Option<crate::burn::PackedImages>,
}

impl DeviceData {
    /// Puts a split on a device. On the CPU nothing is copied.
    ///
    /// # Errors
    /// Where the device refuses.
    pub fn upload(split: Arc<Split>, classes: usize, device: &Device) -> Result<Self, EngineError> {
        #[cfg(all(feature = "burn", feature = "gpu"))]
        let burn = match device {
            Device::Cpu(_) => None,
            Device::Gpu(gpu) => crate::burn::PackedImages::upload(&split, gpu)?,
        };
        #[cfg(not(all(feature = "burn", feature = "gpu")))]
        let _ = device;
        Ok(Self {
            split,
            classes,
            #[cfg(all(feature = "burn", feature = "gpu"))]
            burn,
        })
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

    /// The labels, `[N]`.
    pub fn labels(&self) -> &[u8] {
        &self.split.labels
    }
}
