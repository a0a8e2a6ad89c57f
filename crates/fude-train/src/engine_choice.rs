//! Which engine trains an experiment on a device, where nobody asks for a certain one.

use crate::Prepared;
use crate::plan::augmentation;
use fude_engine::{Device, EngineKind, Needs};
use fude_record::Experiment;

/// `fused` where it can train the experiment, else `burn`, and why.
pub(crate) fn choose_engine(device: &Device, experiment: &Experiment, data: &Prepared) -> (EngineKind, Option<String>) {
    fude_engine::choose_engine(device, &needs(experiment, data))
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
