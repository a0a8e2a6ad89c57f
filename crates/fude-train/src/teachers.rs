//! Models that a run learns from.

use crate::{MeanProbabilities, Prepared, TrainError, compare_classes};
use fude_engine::{
    Deformed, Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, Teacher, View, Weights, build,
};
use fude_model::ModelFile;
use fude_record::{DistillConfig, file};
use std::path::Path;
use std::sync::Arc;

/// Teachers on a device.
pub(crate) struct Teachers {
    engines: Vec<Box<dyn Engine>>,
    config: DistillConfig,
}

impl Teachers {
    /// Loads the teachers' models and puts them on the student's engine and device.
    pub(crate) fn load(
        config: &DistillConfig,
        data: &Prepared,
        (kind, device): (EngineKind, &Device),
        train: &DeviceData,
    ) -> Result<Self, TrainError> {
        let on_device = |model: ModelFile| {
            let spec = EngineSpec::new(model.config, vec![model.parameters], train.clone());
            build(Some(kind), device, spec).map_err(TrainError::from)
        };
        let engines = read_all(config, data)?.into_iter().map(on_device).collect::<Result<_, _>>()?;
        Ok(Self { engines, config: config.clone() })
    }

    /// What they say of the images as the epoch of `plan` shows them.
    pub(crate) fn teach(&mut self, images: &DeviceData, plan: &EpochPlan) -> Result<Teacher, TrainError> {
        let deformed = plan.augmentation.as_ref().map(|augmentation| Deformed {
            augmentation,
            seed: plan.seed,
            epoch: plan.epoch,
        });
        let view = View { weights: Weights::Current, deformed };
        let mut mean = MeanProbabilities::new(self.config.temperature);
        for engine in &mut self.engines {
            mean.add(&engine.logits(0, images, view)?);
        }
        Ok(Teacher {
            probabilities: Arc::new(mean.probabilities().map(|p| p as f32).collect()),
            weight: self.config.weight as f32,
            temperature: self.config.temperature as f32,
        })
    }
}

/// The teachers' models, which must know the data's classes and take its images.
///
/// # Errors
/// The first that cannot be read or does not fit, with its path.
pub(crate) fn read_all(config: &DistillConfig, data: &Prepared) -> Result<Vec<ModelFile>, TrainError> {
    config.teachers.iter().map(|text| read("teacher", Path::new(text), data)).collect()
}

/// A model that a run builds on, `role` being what it is to it.
pub(crate) fn read(role: &str, path: &Path, data: &Prepared) -> Result<ModelFile, TrainError> {
    let path = if path.is_dir() { path.join(file::MODEL) } else { path.to_owned() };
    let refuse = |why: String| TrainError::Mismatch(format!("{role} {}: {why}", path.display()));
    let bytes = std::fs::read(&path).map_err(|error| refuse(error.to_string()))?;
    let model = ModelFile::from_bytes(&bytes).map_err(|error| refuse(error.to_string()))?;
    compare_classes(&model.metadata, data).map_err(|error| refuse(error.to_string()))?;
    let expected = (data.train.inputs(), data.outputs());
    let found = (model.config.inputs, model.config.outputs);
    if found != expected {
        return Err(refuse(format!("expected {expected:?} pixels and classes, found {found:?}")));
    }
    Ok(model)
}
