//! `fude check`.

use crate::commands::train::warn_of_unused_sizes;
use crate::table::{bytes, count, duration, many};
use crate::ui::{Ui, print_out};
use anyhow::Result;
use fude_data::{DataError, Split};
use fude_engine::{Device, DeviceData, EngineSpec, build};
use fude_model::initialise;
use fude_record::{Experiment, Override};
use fude_train::TrainError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Checks an experiment file; counts its parameters, estimates memory and time.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude check experiments/e1-l2.toml --set train.batch=256")]
pub(crate) struct CheckArgs {
    /// The experiment file.
    experiment: PathBuf,
    /// Put a value over the file's: train.batch=256.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

pub(crate) fn run(args: &CheckArgs, ui: Ui) -> Result<()> {
    let mut experiment = Experiment::load(&args.experiment, &args.set)?;
    let images = match fude_train::prepare(&experiment) {
        Ok(data) => {
            data.notes.iter().for_each(|note| ui.note(note));
            data.warnings.iter().for_each(|warning| ui.warning(warning));
            let written = experiment.model.clone();
            fude_train::fit_to_data(&mut experiment, &data);
            warn_of_unused_sizes(&written, &experiment.model, ui);
            data.train.len()
        }
        Err(error) => published_size(&experiment, error, ui)?,
    };
    print_out(&fude_model::summary_table(&experiment.model));
    let (model, batch) = (&experiment.model, experiment.train.batch as usize);
    let state = model.layout().parameters() as u64 * 4 * 3;
    let activations = (model.widths().iter().sum::<usize>() * batch * 4) as u64;
    let pixels = (images * model.inputs) as u64;
    print_out(&format!(
        "memory: {} of images, {} of parameters and moments, {} of activations at batch {batch}",
        bytes(pixels),
        bytes(state),
        bytes(activations)
    ));
    let steps = images.div_ceil(batch);
    experiment.idle_settings(steps).iter().for_each(|warning| ui.warning(warning));
    let epoch = step_seconds(&experiment)? * steps as f64;
    print_out(&format!(
        "time on this CPU: about {} an epoch of {}, {} for {}",
        duration(epoch),
        many(steps, "step"),
        duration(epoch * f64::from(experiment.train.epochs)),
        many(experiment.train.epochs as usize, "epoch")
    ));
    print_out(&format!("{} is a good experiment", args.experiment.display()));
    Ok(())
}

/// Images to train on of a published set that is not on this machine to be counted.
///
/// # Errors
/// The error itself where the data are otherwise amiss, or of no such set.
fn published_size(experiment: &Experiment, error: TrainError, ui: Ui) -> Result<usize> {
    let whole = match experiment.dataset.as_str() {
        "kmnist" | "fashion" | "mnist" => 60_000,
        "k49" => 232_365,
        _ => return Err(error.into()),
    };
    if !matches!(error, TrainError::Data(DataError::NotFound { .. })) {
        return Err(error.into());
    }
    let data = &experiment.data;
    let limited = data.limit.map_or(whole, |limit| limit.min(whole));
    let kept = data.folds.map_or(limited, |folds| limited - limited / folds as usize);
    let images = kept - (kept as f64 * data.validation_fraction).round() as usize;
    ui.note(format!("{error}; counting with the {} images that it would have to train on", count(images)));
    Ok(images)
}

/// Median seconds of a few steps on black images: time does not depend on what is in them.
fn step_seconds(experiment: &Experiment) -> Result<f64> {
    let (model, train) = (&experiment.model, &experiment.train);
    let n = train.batch as usize;
    // Square where it can be: deforming an image costs by its shape.
    let height = model.inputs.isqrt();
    let height = if height * height == model.inputs { height } else { 1 };
    let split = Split { pixels: vec![0; n * model.inputs], labels: vec![0; n], height, width: model.inputs / height };
    let device = Device::cpu();
    let images = DeviceData::upload(Arc::new(split), model.outputs, &device)?;
    let spec = EngineSpec::new(model.clone(), vec![initialise(model, 0)], images);
    let mut engine = build(None, &device, spec)?;
    let mut seconds: Vec<f64> = Vec::new();
    for epoch in 0..7 {
        let plan = [fude_train::epoch_plan(experiment, epoch, n)];
        let start = Instant::now();
        engine.train(&plan, 0..1, &mut ())?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}
