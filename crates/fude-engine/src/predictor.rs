//! A trained model that answers: logits of images, on the CPU.

use crate::{CpuInfo, Device, DeviceData, Engine, EngineError, EngineSpec, Logits, OptimizerSpec, Weights, build};
use fude_data::Split;
use fude_model::ModelFile;
use std::sync::Arc;

/// Computes logits with the weights of a file.
pub struct Predictor {
    device: Device,
    outputs: usize,
    engine: Box<dyn Engine>,
}

impl Predictor {
    /// Takes a model on this machine's CPU, all cores.
    ///
    /// # Errors
    /// Where no engine of this build takes such a model, or the system refuses threads.
    pub fn new(model: ModelFile) -> Result<Self, EngineError> {
        Self::on(&CpuInfo::of_this_machine(), model)
    }

    /// The same on as many threads as `cpu` says.
    ///
    /// # Errors
    /// As [`Predictor::new`].
    pub fn on(cpu: &CpuInfo, model: ModelFile) -> Result<Self, EngineError> {
        let device = Device::Cpu(cpu.clone());
        let outputs = model.config.outputs;
        // An engine wants images to train on; none will do.
        let none = Split { height: 1, width: model.config.inputs, ..Split::default() };
        let spec = EngineSpec {
            optimizer: OptimizerSpec::default(),
            label_smoothing: 0.0,
            parameters: vec![model.parameters],
            train: DeviceData::upload(Arc::new(none), outputs, &device)?,
            model: model.config,
        };
        let engine = build(None, &device, spec)?;
        Ok(Self { device, outputs, engine })
    }

    /// The logits `[N, O]` of images `[N, I]`; their labels are not looked at.
    ///
    /// # Errors
    /// [`EngineError::Inputs`]: images of another size than the model's.
    pub fn logits(&mut self, images: &Arc<Split>) -> Result<Logits, EngineError> {
        let images = DeviceData::upload(Arc::clone(images), self.outputs, &self.device)?;
        self.engine.logits(0, &images, Weights::Current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{MlpConfig, initialise};

    fn images(n: usize, inputs: usize) -> Arc<Split> {
        let pixels = (0..n * inputs).map(|i| (i * 37 % 256) as u8).collect();
        Arc::new(Split { pixels, labels: vec![0; n], height: 1, width: inputs })
    }

    #[test]
    fn one_image_and_many_get_the_same_logits() {
        let config = MlpConfig { inputs: 20, hidden: vec![9], outputs: 3, ..Default::default() };
        let parameters = initialise(&config, 1);
        let mut predictor = Predictor::new(ModelFile { config, parameters, metadata: Default::default() }).unwrap();
        let all = predictor.logits(&images(130, 20)).unwrap();
        assert_eq!((all.classes, all.values.len()), (3, 390));
        assert_eq!(predictor.logits(&images(1, 20)).unwrap().values, all.values[..3]);
        assert!(predictor.logits(&images(0, 20)).unwrap().values.is_empty());
        let error = predictor.logits(&images(1, 21)).unwrap_err().to_string();
        assert_eq!(error, "images have 21 pixels, the model takes 20");
    }
}
