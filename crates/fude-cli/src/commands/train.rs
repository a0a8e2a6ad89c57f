//! `fude train`.

mod args;
mod device;
mod resuming;
mod seeds;
mod series;
mod sharing;
mod start;
mod words;

use crate::plots::{Plots, draw};
use crate::progress::ProgressDisplay;
use crate::run_lookup::find_finished;
use crate::signals::stop_on_ctrl_c;
use crate::tensorboard::{WithTensorBoard, add_pictures};
use crate::ui::Ui;
use anyhow::{Context, Result};
pub(crate) use args::{EngineChoice, TrainArgs, parse_engine};
use fude_engine::{EngineKind, supported_engines};
use fude_model::{MlpConfig, ModelFile, Parameters};
use fude_record::{Experiment, RunFolder, RunLock, Summary, file};
use fude_report::EventFile;
use fude_train::{Checkpoint, Outcome, Prepared, Progress, Scored, TrainRequest, Tried, warning_of_seen};
use series::Series;
use sharing::{Part, Sharing};
use start::Start;
pub(crate) use start::findable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use words::{conclude, interrupted, introduce, short_reason, with_checkpoint_hint};

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
    let Start { experiment, run, checkpoint, lock } = start;
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
    if !args.fast_dev_run {
        let steps = request.data.train.len().div_ceil(request.experiment.train.batch as usize);
        request.experiment.idle_settings(steps).iter().for_each(|warning| ui.warning(warning));
    }
    let (folder, lock) = folder(run.zip(lock), &request.experiment, args)?.unzip();
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
fn folder(
    resumed: Option<(RunFolder, RunLock)>,
    experiment: &Experiment,
    args: &TrainArgs,
) -> Result<Option<(RunFolder, RunLock)>> {
    match resumed {
        _ if args.fast_dev_run => Ok(None),
        Some((run, lock)) => {
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
