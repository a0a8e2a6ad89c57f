//! `fude train`.

use crate::commands::compare::results_table;
use crate::exit::Stopped;
use crate::plots::{Plots, draw};
use crate::progress::ProgressDisplay;
use crate::run_lookup::{RUNS, find_run};
use crate::signals::stop_on_ctrl_c;
use crate::table::duration;
use crate::ui::{Ui, print_json};
use anyhow::{Context, Result};
use fude_engine::{Device, DeviceChoice, DeviceOptions, DeviceRequest, EngineKind, choose_device, supported_engines};
use fude_model::{ModelFile, Parameters};
use fude_record::{Experiment, Override, RunFolder, Summary, file};
use fude_train::{
    Checkpoint, Outcome, Prepared, Progress, TrainRequest, latest_checkpoint, newest_unfinished, prepare,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    let Start { experiment, run, checkpoint } = Start::find(args, ui)?;
    let mut data = prepare(&experiment)?;
    if args.fast_dev_run {
        shorten(&mut data);
    }
    let choice = choose(args, checkpoint.as_ref(), ui)?;
    let mut request = TrainRequest {
        init: args.init.as_deref().map(|text| initial_parameters(text, &args.out)).transpose()?,
        experiment,
        data: data.clone(),
        device: choice.device,
        engine: args.engine.0.or(recorded_engine(checkpoint.as_ref())),
        folder: None,
        resume: checkpoint,
    };
    // What can be refused is, before anything is written.
    request.fit()?;
    let folder = folder(run, &request.experiment, args)?;
    let _lock = folder.as_ref().map(RunFolder::lock).transpose()?;
    request.folder = folder.clone();
    introduce(&request, &choice.why, ui);
    let mut display = ProgressDisplay::new(ui);
    let outcome = fude_train::train(request, &mut display, &stop_on_ctrl_c());
    display.clear();
    match outcome {
        Ok(Outcome::Finished { summary, scored }) => {
            conclude(&summary, folder.as_ref(), ui)?;
            let plots = Plots { summary: &summary, data: &data, scored: scored.as_ref() };
            // The result stands whether or not its pictures do.
            if let Some(Err(error)) = folder.as_ref().map(|run| draw(run, &plots)) {
                ui.warning(format!("{error:#}"));
            }
            Ok(())
        }
        Ok(Outcome::Interrupted(progress)) => Err(interrupted(progress.epoch, progress.step, folder.as_ref())),
        Err(error) => Err(with_checkpoint_hint(error.into(), folder.as_ref())),
    }
}

/// What to run: a new experiment, or one that has begun.
struct Start {
    experiment: Experiment,
    run: Option<RunFolder>,
    checkpoint: Option<Checkpoint>,
}

impl Start {
    fn find(args: &TrainArgs, ui: Ui) -> Result<Self> {
        match (&args.resume, &args.experiment) {
            (Some(Some(run)), _) => Self::named_run(run, args, ui),
            (Some(None), Some(path)) => Self::newest_run(path, args, ui),
            (Some(None), None) => {
                Err(Stopped::Usage("--resume alone needs an experiment; or name a run: --resume RUN".into()).into())
            }
            (None, Some(path)) => Ok(Self::fresh(Experiment::load(path, &overrides(args))?)),
            (None, None) => Err(Stopped::Usage("expected an experiment file".into()).into()),
        }
    }

    fn fresh(mut experiment: Experiment) -> Self {
        experiment.dataset = findable(experiment.dataset);
        Self { experiment, run: None, checkpoint: None }
    }

    fn newest_run(path: &Path, args: &TrainArgs, ui: Ui) -> Result<Self> {
        let start = Self::fresh(Experiment::load(path, &overrides(args))?);
        match newest_unfinished(&args.out, &start.experiment)? {
            Some(run) => {
                require_same(&run, &start.experiment, path)?;
                Self::going_on(run, start.experiment, ui)
            }
            None => {
                let (name, seed) = (&start.experiment.name, start.experiment.train.seed);
                ui.note(format!("no unfinished run of {name} with seed {seed}: starting from the beginning"));
                Ok(start)
            }
        }
    }

    fn named_run(text: &str, args: &TrainArgs, ui: Ui) -> Result<Self> {
        if !args.set.is_empty() || args.seed.is_some() {
            let why = "a resumed run keeps its experiment: only --epochs, --data, --device and --engine may be given";
            return Err(Stopped::Usage(why.into()).into());
        }
        let run = find_run(text, &args.out)?;
        let mut experiment = run.experiment()?;
        if let Some(data) = &args.data {
            experiment.dataset = findable(data.clone());
            experiment.fallback = None;
        }
        experiment.train.epochs = args.epochs.unwrap_or(experiment.train.epochs);
        experiment.validate().map_err(|error| Stopped::Usage(error.to_string()))?;
        Self::going_on(run, experiment, ui)
    }

    fn going_on(run: RunFolder, experiment: Experiment, ui: Ui) -> Result<Self> {
        // Another fude may be at it: what it is doing must not be taken for what a killed one left.
        drop(run.lock()?);
        let checkpoint = latest_checkpoint(&run)?;
        let progress = checkpoint.as_ref().map(|(checkpoint, _)| checkpoint.progress).unwrap_or_default();
        require_more(&run, &experiment, progress)?;
        match &checkpoint {
            Some((_, Some(warning))) => ui.warning(warning),
            Some((checkpoint, None)) => {
                let (epoch, step) = (checkpoint.progress.epoch, checkpoint.progress.step);
                ui.note(format!("going on with {} after epoch {epoch}, step {step}", run.path().display()));
            }
            None => ui.note(format!("{} has no checkpoint yet: starting from its beginning", run.path().display())),
        }
        Ok(Self { experiment, run: Some(run), checkpoint: checkpoint.map(|(checkpoint, _)| checkpoint) })
    }
}

/// There must be something left to train.
fn require_more(run: &RunFolder, experiment: &Experiment, progress: Progress) -> Result<()> {
    let (path, done) = (run.path().display(), progress.epoch);
    let refuse = |why: String| Err(Stopped::Usage(why).into());
    if run.is_finished() {
        if run.summary().is_ok_and(|summary| summary.stopped_early) {
            return refuse(format!("{path} was ended by early stopping after {done} epochs and cannot be extended"));
        }
        let before = run.experiment()?.train.epochs.max(done);
        if experiment.train.epochs <= before {
            return refuse(format!(
                "{path} has finished after {done} epochs; give --epochs over {before} to extend it"
            ));
        }
    }
    let begun = done + u32::from(progress.step > 0);
    if experiment.train.epochs < begun {
        return refuse(format!("{path} has begun epoch {begun} already; give --epochs of {begun} or more"));
    }
    Ok(())
}

/// The run folder: that of a resumed run, or a new one; none for a dry run.
fn folder(run: Option<RunFolder>, experiment: &Experiment, args: &TrainArgs) -> Result<Option<RunFolder>> {
    match run {
        _ if args.fast_dev_run => Ok(None),
        Some(run) => {
            run.reopen()?;
            run.write_experiment(experiment)?;
            Ok(Some(run))
        }
        None => Ok(Some(RunFolder::create(&args.out, experiment)?)),
    }
}

/// A run goes on as what it was started as: only where the data are, and for how long, may be asked for anew.
fn require_same(run: &RunFolder, wanted: &Experiment, file: &Path) -> Result<()> {
    let recorded = run.experiment()?;
    let mut as_wanted = Experiment { dataset: wanted.dataset.clone(), fallback: wanted.fallback.clone(), ..recorded };
    as_wanted.train.epochs = wanted.train.epochs;
    (as_wanted.model.inputs, as_wanted.model.outputs) = (wanted.model.inputs, wanted.model.outputs);
    if as_wanted == *wanted {
        return Ok(());
    }
    let (run, file) = (run.path().display(), file.display());
    let why = format!(
        "{run} was started with other settings than {file} has now; go on with it as it was with --resume {run}, or \
         start anew without --resume"
    );
    Err(Stopped::Usage(why).into())
}

/// A folder by its absolute path, for a recorded run must find its data again from anywhere; a set by its name, also
/// where a folder of that name lies about.
fn findable(dataset: String) -> String {
    const NAMES: [&str; 5] = ["kana", "kmnist", "fashion", "mnist", "k49"];
    if NAMES.contains(&dataset.as_str()) || !Path::new(&dataset).is_dir() {
        return dataset;
    }
    std::path::absolute(&dataset).ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or(dataset)
}

/// What the flags put over the file, `--set` first so that a flag of its own wins.
fn overrides(args: &TrainArgs) -> Vec<Override> {
    let mut all = args.set.clone();
    all.extend(args.data.as_ref().map(|data| Override::new("dataset", data)));
    all.extend(args.epochs.map(|epochs| Override::new("train.epochs", epochs)));
    all.extend(args.seed.map(|seed| Override::new("train.seed", seed)));
    if args.data.is_some() {
        // Data that were asked for by name must be there: no falling back.
        all.push(Override::removal("fallback"));
    }
    if args.fast_dev_run {
        all.push(Override::new("train.epochs", 1));
    }
    all
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

/// The device that was asked for; a resumed run stays on the CPU where it was there, for other bits come from elsewhere.
fn choose(args: &TrainArgs, checkpoint: Option<&Checkpoint>, ui: Ui) -> Result<DeviceChoice> {
    let was_on_cpu = checkpoint.is_some_and(|checkpoint| checkpoint.pins.device == Device::cpu().name());
    let request = match &args.device {
        DeviceRequest::Auto if was_on_cpu && !args.require_gpu => DeviceRequest::Cpu,
        request => request.clone(),
    };
    let options = DeviceOptions { request, require_gpu: args.require_gpu, allow_software: args.allow_software };
    let choice = choose_device(&options)?;
    if let Some(warning) = &choice.warning {
        ui.warning(warning);
    }
    Ok(choice)
}

/// The parameters of a run's final model, or of a safetensors file.
fn initial_parameters(text: &str, out: &Path) -> Result<Parameters> {
    let path = match Path::new(text) {
        path if path.is_file() => path.to_owned(),
        _ => find_run(text, out)?.file(file::MODEL),
    };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(ModelFile::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))?.parameters)
}

fn introduce(request: &TrainRequest, why: &str, ui: Ui) {
    let (experiment, data) = (&request.experiment, &request.data);
    let splits = [("validation", data.validation.as_deref()), ("test", data.test.as_deref())];
    let held_out: Vec<String> =
        splits.iter().filter_map(|(name, split)| Some(format!("{} for {name}", split.as_ref()?.len()))).collect();
    ui.note(format!(
        "{}: {} images of {} to train on, {}",
        experiment.name,
        data.train.len(),
        data.dataset,
        if held_out.is_empty() { "none held out".into() } else { held_out.join(", ") }
    ));
    ui.note(format!("on the {} {} ({why})", request.device.kind(), request.device.name()));
}

fn conclude(summary: &Summary, folder: Option<&RunFolder>, ui: Ui) -> Result<()> {
    if ui.json {
        return print_json(summary);
    }
    ui.result(results_table(std::iter::once(summary)));
    let mut text = format!("\n{} epochs in {}", summary.epochs, duration(summary.seconds));
    if summary.stopped_early {
        text += ", stopped early";
    }
    if let Some(best) = summary.best_epoch {
        text += &format!(", best epoch {best}{}", if summary.restored_best { " (restored)" } else { "" });
    }
    text += &format!(", {:.0} images/s with {} on the {}", summary.samples_per_second, summary.engine, summary.device);
    ui.result(text);
    if let Some(run) = folder {
        ui.result(format!("everything is in {}", run.path().display()));
    }
    Ok(())
}

fn interrupted(epoch: u32, step: u32, folder: Option<&RunFolder>) -> anyhow::Error {
    let place = folder.map_or(String::new(), |run| format!("; go on with --resume {}", run.path().display()));
    Stopped::Interrupted(format!("ended by Ctrl-C after epoch {epoch}, step {step}{place}")).into()
}

/// What a user can do after a run ended with an error.
fn with_checkpoint_hint(error: anyhow::Error, folder: Option<&RunFolder>) -> anyhow::Error {
    if let Some(run) = folder
        && run.file(file::CHECKPOINT).exists()
    {
        crate::ui::print_err(&format!("the last good checkpoint stays in {}", run.path().display()));
    }
    error
}
