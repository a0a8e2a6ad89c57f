//! What a training command starts from: an experiment file, or a run that has begun.

use super::TrainArgs;
use super::resuming::{other_data, require_more, require_same, runs_of, stretched};
use crate::exit::Stopped;
use crate::run_lookup::find_run;
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_data::SET_NAMES;
use fude_record::{Experiment, Override, RunFolder, RunLock, Summary};
use fude_train::{
    Checkpoint, Prepared, PreparedCache, latest_checkpoint, newest_unfinished, prepare, prepare_to_resume,
};
use std::path::Path;

/// What to run: a new experiment, or one that has begun.
pub(super) struct Start {
    pub(super) experiment: Experiment,
    pub(super) run: Option<RunFolder>,
    pub(super) checkpoint: Option<Checkpoint>,
    /// Held from before the checkpoint is read: nobody else may go on with the run meanwhile.
    pub(super) lock: Option<RunLock>,
}

/// What is left to do of a member of a series.
pub(super) enum Turn {
    Begin(Box<Start>),
    Finished(Box<Summary>, RunFolder),
}

impl Start {
    /// Where a member of a series begins: at its beginning, or with `--resume` where an earlier call has left it.
    pub(super) fn of_series(member: &[Override], args: &TrainArgs, ui: Ui) -> Result<Turn> {
        let Some(path) = &args.experiment else {
            return Err(Stopped::Usage("--seeds and --folds need an experiment file".into()).into());
        };
        let start = Self::fresh(Experiment::load(path, &[overrides(args), member.to_vec()].concat())?);
        if args.resume.is_none() {
            return Ok(Turn::Begin(Box::new(start)));
        }
        let same = runs_of(&start.experiment, &args.out)?;
        if let Some((run, Ok(summary))) =
            same.iter().rev().filter(|run| run.is_finished()).map(|run| (run, run.summary())).find(|(_, s)| s.is_ok())
        {
            return Ok(Turn::Finished(Box::new(summary), run.clone()));
        }
        match same.into_iter().rev().find(|run| !run.is_finished()) {
            Some(run) => Self::going_on(run, start.experiment, ui).map(|start| Turn::Begin(Box::new(start))),
            None => Ok(Turn::Begin(Box::new(start))),
        }
    }

    pub(super) fn find(args: &TrainArgs, ui: Ui) -> Result<Self> {
        match (&args.resume, &args.experiment) {
            (Some(Some(run)), None) => Self::named_run(run, args, ui),
            (Some(Some(run)), Some(path)) => {
                let wanted = Self::fresh(Experiment::load(path, &overrides(args))?).experiment;
                let run = find_run(run, &args.out)?;
                require_same(&run, &wanted, path)?;
                Self::going_on(run, wanted, ui)
            }
            (Some(None), Some(path)) => Self::newest_run(path, args, ui),
            (Some(None), None) => {
                Err(Stopped::Usage("--resume alone needs an experiment; or name a run: --resume RUN".into()).into())
            }
            (None, Some(path)) => Ok(Self::fresh(Experiment::load(path, &overrides(args))?)),
            (None, None) => Err(Stopped::Usage("expected an experiment file".into()).into()),
        }
    }

    /// The data to train on; for a run that goes on, those it began with.
    pub(super) fn data(&self, shared: &PreparedCache) -> Result<Prepared> {
        // Nobody else has a fold's images: kept, all folds would be in memory in the end.
        let prepared = || match self.experiment.data.fold {
            Some(_) => prepare(&self.experiment),
            None => shared.prepare(&self.experiment),
        };
        let (Some(checkpoint), Some(run)) = (&self.checkpoint, &self.run) else { return Ok(prepared()?) };
        if let Ok(data) = prepared()
            && checkpoint.require_data(&data).is_ok()
        {
            return Ok(data);
        }
        let data = prepare_to_resume(&self.experiment, checkpoint)?;
        let (before, now) = (run.experiment()?.dataset, &self.experiment.dataset);
        match checkpoint.require_data(&data) {
            Err(error) if before != *now => {
                let path = run.path().display();
                Err(error).with_context(|| format!("{path} was started on {before}, not on {now}; {}", other_data(run)))
            }
            checked => Ok(checked.map(|()| data)?),
        }
    }

    fn fresh(mut experiment: Experiment) -> Self {
        experiment.dataset = findable(experiment.dataset);
        Self { experiment, run: None, checkpoint: None, lock: None }
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
        if let Some(epochs) = args.epochs {
            experiment.train.epochs = epochs;
            experiment.validate().map_err(|error| Stopped::Usage(format!("--epochs {epochs}: {error}")))?;
        }
        Self::going_on(run, experiment, ui)
    }

    fn going_on(run: RunFolder, experiment: Experiment, ui: Ui) -> Result<Self> {
        // Another fude may be at it: what it is doing must not be taken for what a killed one left.
        let lock = Some(run.lock()?);
        let checkpoint = latest_checkpoint(&run)?;
        let progress = checkpoint.as_ref().map(|(checkpoint, _)| checkpoint.progress).unwrap_or_default();
        require_more(&run, &experiment, progress)?;
        match &checkpoint {
            Some((_, Some(warning))) => ui.warning(warning),
            Some((checkpoint, None)) => {
                let (epoch, step) = (checkpoint.progress.epoch, checkpoint.progress.step);
                ui.note(format!("going on with {} after epoch {epoch}, step {step}", run.path().display()));
                stretched(&run.experiment()?, &experiment).iter().for_each(|warning| ui.warning(warning));
            }
            None => ui.note(format!("{} has no checkpoint yet: starting from its beginning", run.path().display())),
        }
        let checkpoint = checkpoint.map(|(checkpoint, _)| checkpoint);
        Ok(Self { experiment, run: Some(run), checkpoint, lock })
    }
}

/// A folder by its absolute path, for a recorded run must find its data again from anywhere; a set by its name, also
/// where a folder of that name lies about.
pub(crate) fn findable(dataset: String) -> String {
    if SET_NAMES.contains(&dataset.as_str()) || !Path::new(&dataset).is_dir() {
        return dataset;
    }
    std::path::absolute(&dataset).ok().and_then(|path| path.to_str().map(str::to_owned)).unwrap_or(dataset)
}

/// What the flags put over the file, `--set` first so that a flag of its own wins.
fn overrides(args: &TrainArgs) -> Vec<Override> {
    let mut all = args.set.clone();
    all.extend(args.data.as_ref().map(|data| Override::text("dataset", data).given_by("--data")));
    all.extend(args.epochs.map(|epochs| Override::new("train.epochs", epochs).given_by("--epochs")));
    all.extend(args.seed.map(|seed| Override::new("train.seed", seed).given_by("--seed")));
    if args.data.is_some() {
        // Data that were asked for by name must be there: no falling back.
        all.push(Override::removal("fallback").given_by("--data"));
    }
    if args.fast_dev_run {
        all.push(Override::new("train.epochs", 1).given_by("--fast-dev-run"));
    }
    all
}
