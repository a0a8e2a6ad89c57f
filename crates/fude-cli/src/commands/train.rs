//! `fude train`.

mod device;
mod seeds;
mod series;
mod sharing;
mod start;
mod words;

use crate::plots::{Plots, draw};
use crate::progress::ProgressDisplay;
use crate::run_lookup::{RUNS, find_finished};
use crate::signals::stop_on_ctrl_c;
use crate::tensorboard::{WithTensorBoard, add_pictures};
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_engine::{DeviceRequest, EngineKind, supported_engines};
use fude_model::{MlpConfig, ModelFile, Parameters};
use fude_record::{Experiment, Override, RunFolder, RunLock, Summary, file};
use fude_report::EventFile;
use fude_train::{Checkpoint, Outcome, Prepared, Progress, Scored, TrainRequest, Tried, warning_of_seen};
use seeds::Seeds;
use series::Series;
use sharing::{Part, Sharing};
use start::Start;
pub(crate) use start::findable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use words::{conclude, interrupted, introduce, short_reason, with_checkpoint_hint};

/// Trains an experiment and leaves everything about it in a run folder.
#[derive(clap::Args, Default)]
#[command(after_help = "\
Examples:
  fude train experiments/e1-l2.toml                         the study's first experiment
  fude train experiments/e1-l2.toml --data ../images        on your own files (idx, npz, or a folder a class)
  fude train experiments/e3-deep-l2.toml --set train.batch=512 --set train.learning_rate=2e-3
  fude train experiments/e1-l2.toml --seeds 0..5            five runs, their mean and 95 % interval
  fude train experiments/e1-l2.toml --folds 8 --data DIR    cross-validation: eight runs, another eighth held out in each
  fude train experiments/e3-deep-l2.toml --resume           go on with the newest unfinished run
  fude train --resume e3-deep-l2 --epochs 600               extend a finished run")]
pub(crate) struct TrainArgs {
    /// The experiment file; may be left out with `--resume RUN`.
    #[arg(required_unless_present = "resume")]
    experiment: Option<PathBuf>,
    /// Train on other data: kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR")]
    pub(super) data: Option<String>,
    /// auto, gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceRequest,
    /// auto, burn or fused.
    #[arg(long, default_value = "auto", value_parser = parse_engine)]
    engine: EngineChoice,
    /// Epochs in all, in place of the experiment's.
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<u32>,
    /// The seed, in place of the experiment's.
    #[arg(long, value_name = "S")]
    pub(super) seed: Option<u32>,
    /// Train with each of these seeds, and tell mean and spread: 0..5 (0 to 4), or 0,3,7.
    #[arg(long, value_name = "A..B|LIST", conflicts_with_all = ["seed", "folds", "fast_dev_run"])]
    seeds: Option<Seeds>,
    /// Cross-validation: K runs, each with another K-th of the training images as its test split; test files are left alone.
    #[arg(long, value_name = "K", conflicts_with = "fast_dev_run", value_parser = clap::value_parser!(u32).range(2..=1000))]
    folds: Option<u32>,
    /// Runs of --seeds or --folds at once. On the CPU each takes its share of the cores, and one at a time is the default; on a
    /// GPU seeds train in the same dispatches, all of them up to 16.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Put a value over the file's: train.batch=256. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<Override>,
    /// Where to leave runs.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// Go on with RUN; without RUN, with the newest unfinished run of this experiment and seed. With --seeds or --folds,
    /// runs that have finished are not trained again.
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
    /// Write event files for TensorBoard into the run folder too: scalars each epoch, pictures at the end.
    #[arg(long)]
    tensorboard: bool,
    /// The summary as one line of JSON on stdout, and nothing else there.
    #[arg(long)]
    pub(super) json: bool,
}

impl TrainArgs {
    /// What another command trains an experiment with: as without flags.
    pub(super) fn of(experiment: &Path, out: &Path) -> Self {
        Self { experiment: Some(experiment.to_owned()), out: out.to_owned(), ..Self::default() }
    }
}

#[derive(Clone, Copy, Default)]
pub(crate) struct EngineChoice(pub(crate) Option<EngineKind>);

pub(crate) fn parse_engine(text: &str) -> Result<EngineChoice, String> {
    match text {
        "auto" => Ok(EngineChoice(None)),
        name => name.parse().map(|kind| EngineChoice(Some(kind))).map_err(|error: String| format!("auto, or {error}")),
    }
}

pub(crate) fn run(args: &TrainArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    if let Some(series) = Series::asked_for(args)? {
        return series.run(args, ui);
    }
    match train_one(Start::find(args, ui)?, args, &Sharing::alone().part(), ui)? {
        Ended::Finished(mut trained) => {
            let said = conclude(&trained.summary, trained.folder.as_ref(), ui);
            // The result stands whether or not its pictures do.
            trained.draw(ui);
            said
        }
        Ended::Interrupted { progress, folder } => Err(interrupted(progress.epoch, progress.step, folder.as_ref())),
    }
}

/// How a run ended.
enum Ended {
    Finished(Box<Trained>),
    Interrupted { progress: Progress, folder: Option<RunFolder> },
}

/// A run that came to its end.
struct Trained {
    summary: Box<Summary>,
    data: Prepared,
    scored: Option<Scored>,
    folder: Option<RunFolder>,
    events: Option<EventFile>,
    /// Nobody else may work on the run while its pictures are drawn.
    _lock: Option<RunLock>,
}

impl Trained {
    /// Draws the run's pictures; a warning where one cannot be.
    fn draw(&mut self, ui: Ui) {
        let plots = Plots { summary: &self.summary, data: &self.data, scored: self.scored.as_ref(), others: &[] };
        let started = Instant::now();
        if let Some(Err(error)) = self.folder.as_ref().map(|run| draw(run, &plots)) {
            ui.warning(format!("{error:#}"));
        }
        if let (Some(events), Some(run)) = (&mut self.events, &self.folder)
            && let Err(error) = add_pictures(events, run, &plots)
        {
            ui.warning(format!("{error:#}"));
        }
        tracing::info!("plots drawn in {:.2} s", started.elapsed().as_secs_f64());
    }
}

/// One run, from what it starts with to its summary.
fn train_one(start: Start, args: &TrainArgs, part: &Part, ui: Ui) -> Result<Ended> {
    let mut data = start.data(&part.sharing.data)?;
    let Start { experiment, run, checkpoint } = start;
    if args.fast_dev_run {
        shorten(&mut data);
    }
    let engine = args.engine.0.or(recorded_engine(checkpoint.as_ref()));
    let (choice, why) = match part.choice(checkpoint.as_ref()) {
        Some(shared) => shared,
        None => {
            let Tried { choice, trial } = device::choose(args, &experiment, &data, engine, checkpoint.as_ref(), ui)?;
            let why = short_reason(&choice, &args.device, trial.is_some());
            (choice, why)
        }
    };
    let init = args.init.as_deref().map(|text| initial_model(text, &args.out, ui)).transpose()?;
    let seen = init.as_deref().and_then(|path| warning_of_seen("--init", path, &data));
    let mut request = TrainRequest {
        init: init.as_deref().map(parameters_of).transpose()?,
        engine,
        resume: checkpoint,
        seat: part.seat.clone(),
        ..TrainRequest::new(experiment, data.clone(), choice.device.shared_by(part.sharing.jobs))
    };
    request.data.warnings.extend(seen);
    // What can be refused is, before anything is written.
    let written = request.experiment.model.clone();
    request.fit()?;
    warn_of_unused_sizes(&written, &request.experiment.model, ui);
    let (folder, lock) = folder(run, &request.experiment, args)?.unzip();
    request.folder = folder.clone();
    introduce(&request, &why, ui);
    let (mut display, started) = (ProgressDisplay::new(ui), Instant::now());
    let mut observer = WithTensorBoard::new(&mut display, args.tensorboard, ui);
    let outcome = fude_train::train(request, &mut observer, &stop_on_ctrl_c());
    let events = observer.into_events();
    display.clear();
    tracing::info!("trained and evaluated in {:.2} s", started.elapsed().as_secs_f64());
    match outcome {
        Ok(Outcome::Finished { summary, scored }) => {
            Ok(Ended::Finished(Box::new(Trained { summary, data, scored, folder, events, _lock: lock })))
        }
        Ok(Outcome::Interrupted(progress)) => Ok(Ended::Interrupted { progress, folder }),
        Err(error) => Err(with_checkpoint_hint(error.into(), folder.as_ref())),
    }
}

/// Inputs and outputs are the data's, whatever the experiment says of them beside the usual.
pub(crate) fn warn_of_unused_sizes(written: &MlpConfig, used: &MlpConfig, ui: Ui) {
    let usual = MlpConfig::default();
    let sizes = [
        ("model.inputs", written.inputs, usual.inputs, used.inputs, "pixels"),
        ("model.outputs", written.outputs, usual.outputs, used.outputs, "classes"),
    ];
    for (key, written, usual, used, what) in sizes {
        if written != usual && written != used {
            ui.warning(format!("{key} = {written} is not used: the data have {used} {what}"));
        }
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

/// The file of a run's final model, or a safetensors file.
fn initial_model(text: &str, out: &Path, ui: Ui) -> Result<PathBuf> {
    match Path::new(text) {
        path if path.is_file() => Ok(path.to_owned()),
        _ => Ok(find_finished(text, out, ui)?.file(file::MODEL)),
    }
}

fn parameters_of(path: &Path) -> Result<Parameters> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(ModelFile::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))?.parameters)
}
