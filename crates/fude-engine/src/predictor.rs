//! A trained model that answers: logits of images, on the CPU.

use crate::{CpuInfo, Device, DeviceData, Engine, EngineError, EngineSpec, Int8Engine, Logits, View, build};
use fude_data::Split;
use fude_model::{ModelFile, StoredModel};
use std::sync::Arc;

/// Computes logits with the weights of a file.
pub struct Predictor {
    inputs: usize,
    outputs: usize,
    engine: Kind,
}

enum Kind {
    F32(Box<dyn Engine>, Device),
    Int8(Box<Int8Engine>),
}

impl Predictor {
    /// Takes a model on this machine's CPU, all cores.
    ///
    /// # Errors
    /// Where no engine of this build takes such a model, or the system refuses threads.
    pub fn new(model: StoredModel) -> Result<Self, EngineError> {
        Self::on(&CpuInfo::of_this_machine(), model)
    }

    /// The same on as many threads as `cpu` says.
    ///
    /// # Errors
    /// As [`Predictor::new`].
    pub fn on(cpu: &CpuInfo, model: StoredModel) -> Result<Self, EngineError> {
        let (inputs, outputs) = (model.config().inputs, model.config().outputs);
        let engine = match model {
            StoredModel::F32(model) => f32_engine(model, Device::Cpu(cpu.clone()))?,
            StoredModel::Int8(model) => Kind::Int8(Box::new(Int8Engine::new(cpu, &model)?)),
        };
        Ok(Self { inputs, outputs, engine })
    }

    /// What computes: engine, instruction set, threads.
    pub fn detail(&self) -> String {
        match &self.engine {
            Kind::F32(engine, _) => format!("{}, {}", engine.info().engine, engine.info().detail),
            Kind::Int8(engine) => engine.detail(),
        }
    }

    /// The logits `[N, O]` of images `[N, I]`; their labels are not looked at.
    ///
    /// # Errors
    /// [`EngineError::Inputs`]: images of another size than the model's.
    pub fn logits(&mut self, images: &Arc<Split>) -> Result<Logits, EngineError> {
        if images.inputs() != self.inputs {
            return Err(EngineError::Inputs { expected: self.inputs, found: images.inputs() });
        }
        match &mut self.engine {
            Kind::F32(engine, device) => {
                let images = DeviceData::upload(Arc::clone(images), self.outputs, device)?;
                engine.logits(0, &images, View::PLAIN)
            }
            Kind::Int8(engine) => engine.logits(&images.pixels),
        }
    }
}

fn f32_engine(model: ModelFile, device: Device) -> Result<Kind, EngineError> {
    // An engine wants images to train on; none will do.
    let none = Split { height: 1, width: model.config.inputs, ..Split::default() };
    let none = DeviceData::upload(Arc::new(none), model.config.outputs, &device)?;
    let spec = EngineSpec::new(model.config, vec![model.parameters], none);
    Ok(Kind::F32(build(None, &device, spec)?, device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{InputRange, InputScale, MlpConfig, Normalization, QuantisedModel, initialise};

    fn images(n: usize, inputs: usize) -> Arc<Split> {
        let pixels = (0..n * inputs).map(|i| (i * 37 % 256) as u8).collect();
        Arc::new(Split { pixels, labels: vec![0; n], height: 1, width: inputs })
    }

    fn models() -> [StoredModel; 2] {
        of(MlpConfig { inputs: 20, hidden: vec![9], outputs: 3, ..Default::default() })
    }

    /// A model as f32 and as int8.
    fn of(config: MlpConfig) -> [StoredModel; 2] {
        let model = ModelFile { parameters: initialise(&config, 1), config, metadata: Default::default() };
        // As large as layer normalisation leaves nine units, and a residual connection adds up to.
        let ranges: Vec<_> =
            (1..=model.config.hidden.len()).map(|l| InputRange::covering(0.0, 3.0 * l as f32)).collect();
        let int8 = QuantisedModel::new(&model, &ranges);
        [StoredModel::F32(model), StoredModel::Int8(int8)]
    }

    #[test]
    fn one_image_and_many_get_the_same_logits() {
        for model in models() {
            let mut predictor = Predictor::new(model).unwrap();
            let all = predictor.logits(&images(130, 20)).unwrap();
            assert_eq!((all.classes, all.values.len()), (3, 390));
            assert_eq!(predictor.logits(&images(1, 20)).unwrap().values, all.values[..3]);
            assert!(predictor.logits(&images(0, 20)).unwrap().values.is_empty());
            let error = predictor.logits(&images(1, 21)).unwrap_err().to_string();
            assert_eq!(error, "images have 21 pixels, the model takes 20");
        }
    }

    #[test]
    fn int8_logits_are_near_those_they_stand_for() {
        let plain = MlpConfig { inputs: 20, hidden: vec![9], outputs: 3, ..Default::default() };
        let input = InputScale { mean: 0.3, std: 0.4 };
        let normalised = MlpConfig { normalization: Normalization::Layer, input, ..plain.clone() };
        let residual = MlpConfig { hidden: vec![9, 9], residual: true, ..normalised.clone() };
        for config in [plain, normalised, residual] {
            let [exact, int8] = of(config).map(|model| Predictor::new(model).unwrap().logits(&images(50, 20)).unwrap());
            for (found, expected) in int8.values.iter().zip(&exact.values) {
                assert!((found - expected).abs() < 0.05, "{found} for {expected}");
            }
        }
    }
}
