//! Models that a run learns from.

use crate::fingerprint::of_parameters;
use crate::{MeanProbabilities, Prepared, TrainError, compare_classes};
use fude_engine::{
    Deformed, Device, DeviceData, Engine, EngineError, EngineKind, EngineSpec, EpochPlan, Needs, Teacher, View,
    Weights, build, choose_engine, require_support,
};
use fude_model::ModelFile;
use fude_record::{DistillConfig, file};
use std::path::Path;
use std::sync::Arc;

/// Teachers on a device.
pub(crate) struct Teachers {
    engines: Vec<Box<dyn Engine>>,
    /// Which weights they have.
    fingerprints: Vec<String>,
    config: DistillConfig,
}

impl Teachers {
    /// Loads the teachers' models and puts them on the student's device, and on its engine where that takes them.
    pub(crate) fn load(
        config: &DistillConfig,
        data: &Prepared,
        on: (EngineKind, &Device),
        train: &DeviceData,
    ) -> Result<Self, TrainError> {
        let models = read_all(config, data, on)?;
        let fingerprints = models.iter().map(|(model, _)| of_parameters(&model.parameters.values)).collect();
        let on_device = |(model, kind): (ModelFile, EngineKind)| {
            let spec = EngineSpec::new(model.config, vec![model.parameters], train.clone());
            build(Some(kind), on.1, spec).map_err(TrainError::from)
        };
        let engines = models.into_iter().map(on_device).collect::<Result<_, _>>()?;
        Ok(Self { engines, fingerprints, config: config.clone() })
    }

    pub(crate) fn fingerprints(&self) -> Vec<String> {
        self.fingerprints.clone()
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

/// The teachers' models, which must know the data's classes and take its images, and the engine of each on the student's
/// device.
///
/// # Errors
/// The first that cannot be read, does not fit, or is more than any engine takes, with its path.
pub(crate) fn read_all(
    config: &DistillConfig,
    data: &Prepared,
    (student, device): (EngineKind, &Device),
) -> Result<Vec<(ModelFile, EngineKind)>, TrainError> {
    let one = |text: &String| {
        let model = read("teacher", Path::new(text), data)?;
        // Deforming the images is asked of the student's engine already.
        let kind = engine_of(&Needs::new(&model.config), student, device)
            .map_err(|error| TrainError::Mismatch(format!("teacher {text}: {error}")))?;
        Ok((model, kind))
    };
    config.teachers.iter().map(one).collect()
}

/// The student's engine where that takes the teacher, which may be much larger, else another that does.
fn engine_of(needs: &Needs, student: EngineKind, device: &Device) -> Result<EngineKind, EngineError> {
    if require_support(student, device, needs).is_ok() {
        return Ok(student);
    }
    let (kind, _) = choose_engine(device, needs);
    require_support(kind, device, needs).map(|()| kind)
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
