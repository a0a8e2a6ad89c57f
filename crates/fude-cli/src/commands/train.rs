//! `fude train`.

mod device;
mod start;
mod words;

use crate::plots::{Plots, draw};
use crate::progress::ProgressDisplay;
use crate::run_lookup::{RUNS, find_finished};
use crate::signals::stop_on_ctrl_c;
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_engine::{DeviceRequest, EngineKind, supported_engines};
use fude_model::{ModelFile, Parameters};
use fude_record::{Experiment, Override, RunFolder, RunLock, file};
use fude_train::{Checkpoint, Outcome, Prepared, TrainRequest, Tried};
use start::Start;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use words::{conclude, interrupted, introduce, short_reason, with_checkpoint_hint};

/// Trains an experiment and leaves everything about it in a run folder.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude train experiments/e1-l2.toml                         the study's first experiment
  fude train experiments/e1-l2.toml --data ../images        on your own files (idx, npz, or a folder a class)
  fude train experiments/e3-deep-l2.toml --set train.batch=512 --set train.learning_rate=2e-3
  fude train experiments/e3-deep-l2.toml --resume           go on with the newest unfinished run
  fude train --resume e3-deep-l2 --epochs 600               extend a finished run")]
pub(crate) struct TrainArgs {
    /// The experiment file; may be left out with `--resume RUN`.
    #[arg(required_unless_present = "resume")]
    experiment: Option<PathBuf>,
    /// Train on other data: kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// auto, gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceRequest,
    /// auto, burn or fused.
    #[arg(long, default_value = "auto", value_parser = parse_engine)]
    engine: EngineChoice,
    /// Epochs in all, in place of the experiment's.
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// The seed, in place of the experiment's.
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// Put a value over the file's: train.batch=256. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Where to leave runs.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// Go on with RUN; without RUN, with the newest unfinished run of this experiment and seed.
    #[arg(long, value_name = "RUN", num_args = 0..=1)]
    resume: Option<Option<String>>,
    /// Start from the weights of a run or a safetensors file.
    #[arg(long, value_name = "RUN|FILE", conflicts_with = "resume")]
    init: Option<String>,
    /// Fail where there is no GPU, instead of training on the CPU.
    #[arg(long)]
    require_gpu: bool,
    /// Count software adapters (llvmpipe, WARP) as GPUs.
    #[arg(long)]
    allow_software: bool,
    /// Two steps of one epoch on a few images, evaluated, and nothing left: does it all work?
    #[arg(long, conflicts_with = "resume")]
    fast_dev_run: bool,
    /// The summary as one line of JSON on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy)]
struct EngineChoice(Option<EngineKind>);

fn parse_engine(text: &str) -> Result<EngineChoice, String> {
    match text {
        "auto" => Ok(EngineChoice(None)),
        name => name.parse().map(|kind| EngineChoice(Some(kind))).map_err(|error: String| format!("auto, or {error}")),
    }
}

pub(crate) fn run(args: &TrainArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let start = Start::find(args, ui)?;
    let mut data = start.data()?;
    let Start { experiment, run, checkpoint } = start;
    if args.fast_dev_run {
        shorten(&mut data);
    }
    let engine = args.engine.0.or(recorded_engine(checkpoint.as_ref()));
    let Tried { choice, trial } = device::choose(args, &experiment, &data, engine, checkpoint.as_ref(), ui)?;
    let why = short_reason(&choice, &args.device, trial.is_some());
    let mut request = TrainRequest {
        init: args.init.as_deref().map(|text| initial_parameters(text, &args.out)).transpose()?,
        experiment,
        data: data.clone(),
        device: choice.device,
        engine,
        folder: None,
        resume: checkpoint,
    };
    // What can be refused is, before anything is written.
    request.fit()?;
    let (folder, _lock) = folder(run, &request.experiment, args)?.unzip();
    request.folder = folder.clone();
    introduce(&request, &why, ui);
    let (mut display, started) = (ProgressDisplay::new(ui), Instant::now());
    let outcome = fude_train::train(request, &mut display, &stop_on_ctrl_c());
    display.clear();
    tracing::info!("trained and evaluated in {:.2} s", started.elapsed().as_secs_f64());
    match outcome {
        Ok(Outcome::Finished { summary, scored }) => {
            let said = conclude(&summary, folder.as_ref(), ui);
            let plots = Plots { summary: &summary, data: &data, scored: scored.as_ref() };
            let started = Instant::now();
            // The result stands whether or not its pictures do.
            if let Some(Err(error)) = folder.as_ref().map(|run| draw(run, &plots)) {
                ui.warning(format!("{error:#}"));
            }
            tracing::info!("plots drawn in {:.2} s", started.elapsed().as_secs_f64());
            said
        }
        Ok(Outcome::Interrupted(progress)) => Err(interrupted(progress.epoch, progress.step, folder.as_ref())),
        Err(error) => Err(with_checkpoint_hint(error.into(), folder.as_ref())),
    }
}

/// The run folder, held for this process: that of a resumed run, or a new one; none for a dry run.
fn folder(run: Option<RunFolder>, experiment: &Experiment, args: &TrainArgs) -> Result<Option<(RunFolder, RunLock)>> {
    match run {
        _ if args.fast_dev_run => Ok(None),
        Some(run) => {
            // Before anything in it is changed.
            let lock = run.lock()?;
            run.reopen()?;
            run.write_experiment(experiment)?;
            Ok(Some((run, lock)))
        }
        None => {
            let run = RunFolder::create(&args.out, experiment)?;
            let lock = run.lock()?;
            Ok(Some((run, lock)))
        }
    }
}

/// Leaves 256 training images and as many of each other split.
fn shorten(data: &mut Prepared) {
    for split in [Some(&mut data.train), data.validation.as_mut(), data.test.as_mut()].into_iter().flatten() {
        *split = Arc::new(split.as_ref().clone().first(256));
    }
}

/// The engine that a resumed run was started with, where this build has it.
fn recorded_engine(checkpoint: Option<&Checkpoint>) -> Option<EngineKind> {
    let kind = checkpoint?.pins.engine.parse().ok()?;
    supported_engines().contains(&kind).then_some(kind)
}

/// The parameters of a run's final model, or of a safetensors file.
fn initial_parameters(text: &str, out: &Path) -> Result<Parameters> {
    let path = match Path::new(text) {
        path if path.is_file() => path.to_owned(),
        _ => find_finished(text, out)?.file(file::MODEL),
    };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(ModelFile::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))?.parameters)
}
