//! Which engine trains an experiment on a device, where nobody asks for a certain one.

use crate::plan::augmentation;
use crate::{Prepared, fit_to_data};
use fude_engine::{Device, EngineKind, Needs};
use fude_record::Experiment;

/// `fused` where it can train the experiment, else `burn`, and why.
pub(crate) fn choose_engine(device: &Device, experiment: &Experiment, data: &Prepared) -> (EngineKind, Option<String>) {
    fude_engine::choose_engine(device, &needs(experiment, data))
}

/// The most models of an experiment that train in the dispatches of one on a device; 1 where each has an engine of its own:
/// on the processor, and where `burn` trains it.
pub fn models_at_once(device: &Device, engine: Option<EngineKind>, experiment: &Experiment, data: &Prepared) -> usize {
    let mut fitted = experiment.clone();
    fit_to_data(&mut fitted, data);
    let needs = needs(&fitted, data);
    match engine.unwrap_or_else(|| fude_engine::choose_engine(device, &needs).0) {
        EngineKind::Fused => fude_engine::models_at_once(device, &needs),
        EngineKind::Burn => 1,
    }
}

/// What an experiment asks of an engine.
pub(crate) fn needs(experiment: &Experiment, data: &Prepared) -> Needs {
    Needs {
        model: experiment.model.clone(),
        models: 1,
        batch: experiment.train.batch as usize,
        samples: data.train.len(),
        image: [data.train.height, data.train.width],
        augmentation: experiment.augment.as_ref().map(augmentation),
        mixed: experiment.train.mixup > 0.0,
        pruned: experiment.prune.is_some(),
    }
}
