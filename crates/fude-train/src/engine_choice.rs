//! Which engine trains an experiment on a device, where nobody asks for a certain one.

use fude_engine::{Device, DeviceKind, EngineKind, supported_engines};
use fude_record::Experiment;

/// `fused` where it can train the experiment, else `burn`, and why.
pub(crate) fn choose_engine(device: &Device, experiment: &Experiment) -> (EngineKind, Option<String>) {
    let (kind, why) = fude_engine::choose_engine(device, &experiment.model);
    let beyond = (device.kind() == DeviceKind::Gpu).then(|| beyond_the_gpu(experiment)).flatten();
    match beyond {
        Some(what) if kind == EngineKind::Fused && supported_engines().contains(&EngineKind::Burn) => {
            (EngineKind::Burn, Some(format!("engine 'fused' knows no {what} on a GPU; engine 'burn' trains it")))
        }
        _ => (kind, why),
    }
}

/// What an experiment asks for that the fused engine does on the CPU alone.
fn beyond_the_gpu(experiment: &Experiment) -> Option<&'static str> {
    let train = &experiment.train;
    [
        (experiment.augment.is_some(), "augmentation"),
        (train.mixup > 0.0, "mixup"),
        (experiment.distill.is_some(), "distillation"),
        (train.clip_norm.is_some(), "gradient clipping"),
    ]
    .into_iter()
    .find_map(|(asked, what)| asked.then_some(what))
}
