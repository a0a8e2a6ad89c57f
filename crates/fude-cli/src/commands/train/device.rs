//! The device of a run.

use super::TrainArgs;
use crate::ui::Ui;
use anyhow::Result;
use fude_engine::{Device, DeviceOptions, DeviceRequest, EngineKind, choose_device};
use fude_record::Experiment;
use fude_train::{Checkpoint, Prepared, TrialMemory, TrialRequest, Tried, choose_by_trial, fit_to_data};

/// The device that was asked for; with `auto`, for a new run, the fastest.
pub(super) fn choose(
    args: &TrainArgs,
    experiment: &Experiment,
    data: &Prepared,
    engine: Option<EngineKind>,
    checkpoint: Option<&Checkpoint>,
    ui: Ui,
) -> Result<Tried> {
    let tried = match by_trial(args, experiment, data, engine, checkpoint) {
        Some(tried) => tried?,
        None => Tried { choice: choose_device(&options(args, checkpoint))?, trial: None },
    };
    let choice = &tried.choice;
    if let Some(warning) = &choice.warning {
        ui.warning(warning);
    }
    tracing::info!("device: the {} {} ({})", choice.device.kind(), choice.device.name(), choice.why);
    Ok(tried)
}

/// None where the device is decided otherwise.
fn by_trial(
    args: &TrainArgs,
    experiment: &Experiment,
    data: &Prepared,
    engine: Option<EngineKind>,
    checkpoint: Option<&Checkpoint>,
) -> Option<Result<Tried>> {
    if args.device != DeviceRequest::Auto || args.require_gpu || checkpoint.is_some() {
        return None;
    }
    let mut fitted = experiment.clone();
    fit_to_data(&mut fitted, data);
    // What is wrong with it is said before training.
    fitted.validate().ok()?;
    let request = TrialRequest { experiment: &fitted, data, engine, allow_software: args.allow_software };
    // A dry run has few images: what it finds is not remembered.
    let memory = TrialMemory::of_this_user().filter(|_| !args.fast_dev_run);
    Some(choose_by_trial(&request, memory.as_ref()).map_err(Into::into))
}

/// A resumed run stays on the CPU where it was there, for other bits come from elsewhere.
fn options(args: &TrainArgs, checkpoint: Option<&Checkpoint>) -> DeviceOptions {
    let was_on_cpu = checkpoint.is_some_and(|checkpoint| checkpoint.pins.device == Device::cpu().name());
    let request = match &args.device {
        DeviceRequest::Auto if was_on_cpu && !args.require_gpu => DeviceRequest::Cpu,
        request => request.clone(),
    };
    DeviceOptions { request, require_gpu: args.require_gpu, allow_software: args.allow_software }
}
