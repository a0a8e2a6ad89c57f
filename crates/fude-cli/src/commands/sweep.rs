//! `fude sweep`.

mod pictures;
mod words;

use crate::commands::train::{EngineChoice, findable, parse_engine};
use crate::exit::Stopped;
use crate::signals::stop_on_ctrl_c;
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result};
use fude_engine::{Device, DeviceOptions, DeviceRequest, choose_device};
use fude_record::{Experiment, Override};
use fude_sweep::{Journal, Settings, State, Study, Sweep, Trial, by_quality};
use fude_train::PreparedCache;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use words::{Progress, best_line, trials_table};

/// Searches over any keys of an experiment, on the validation split alone.
///
/// The test split is taken away before the first trial: train the best one to measure it there. A journal in the search's
/// folder holds every trial: after Ctrl-C or a kill the same command goes on.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude sweep experiments/studies/plain-mlp.toml
  fude sweep my-study.toml --data fashion --jobs 2       two trials at once, each on half of the cores
  fude train sweeps/my-study/best.toml --seeds 0..5      measure what was found")]
pub(crate) struct SweepArgs {
    /// The study file.
    study: PathBuf,
    /// Train on other data: kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Trials at once; on the CPU each takes its share of the cores, on a GPU those of one shape train in the same dispatches.
    #[arg(long, value_name = "J", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Trials in all, in place of the study's; a grid has no more than its combinations.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    trials: Option<u32>,
    /// The search's seed, in place of the study's: what is proposed.
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// Where to leave searches.
    #[arg(long, value_name = "DIR", default_value = "sweeps")]
    out: PathBuf,
    /// auto (a GPU where there is one, untimed), gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceRequest,
    /// auto, burn or fused.
    #[arg(long, default_value = "auto", value_parser = parse_engine)]
    engine: EngineChoice,
    /// One line of JSON with every trial.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &SweepArgs, ui: Ui) -> Result<()> {
    let study = args.study()?;
    // What can be refused is, before anything is written: a journal would hold on to a slip of the fingers.
    let first = study.experiment(&study.first_values(), &args.overrides())?;
    let data = PreparedCache::default();
    let prepared = data.prepare(&first)?;
    prepared.warnings.iter().for_each(|warning| ui.warning(warning));
    prepared.notes.iter().for_each(|note| ui.note(note));
    if let Some(halving) = study.halving.filter(|halving| halving.first_epochs >= first.train.epochs) {
        ui.warning(format!(
            "halving.first_epochs = {} is not below train.epochs = {}: no trial will be stopped early",
            halving.first_epochs, first.train.epochs
        ));
    }
    let folder = args.out.join(&study.name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let journal = Journal::open(&folder.join("journal.jsonl"), &study)?;
    let before = journal.trials();
    if !before.is_empty() {
        ui.note(format!("going on with {}: {} trials have begun", folder.display(), before.len()));
    }
    let settings = Settings {
        device: args.device(&study, &first, ui)?,
        engine: args.engine.0,
        jobs: usize::from(args.jobs),
        overrides: args.overrides(),
        data,
    };
    let stop = stop_on_ctrl_c();
    let progress = Progress::new(&study, &before, ui);
    let tell = |event: &_| progress.tell(event);
    let trials = Sweep::new(&study, journal, settings, &stop, &tell).run()?;
    conclude(args, &study, &trials, &folder, ui)?;
    if stop.is_set() {
        let done = trials.iter().filter(|trial| trial.state != State::Begun).count();
        let text = format!("ended by Ctrl-C after {done} of {} trials; the same command goes on", study.trials);
        return Err(Stopped::Interrupted(text).into());
    }
    Ok(())
}

impl SweepArgs {
    fn study(&self) -> Result<Study> {
        let mut study = Study::load(&self.study)?;
        if let Some(trials) = self.trials {
            study = study.with_trials(trials);
        }
        study.seed = self.seed.unwrap_or(study.seed);
        if let Some(data) = &self.data {
            // Part of what the journal is of: other data are another search.
            let dataset = findable(data.clone());
            if study.space.contains_key("dataset") {
                return Err(Stopped::Usage("--data: the study searches over dataset".into()).into());
            }
            study.set.insert("dataset".into(), serde_json::to_string(&dataset)?);
        }
        Ok(study)
    }

    /// Not by trial: what is fastest for one network of a search need not be so for the next.
    fn device(&self, study: &Study, first: &Experiment, ui: Ui) -> Result<Device> {
        let prunes = first.prune.is_some() || study.space.keys().any(|key| key.starts_with("prune."));
        if self.device == DeviceRequest::Auto && prunes {
            // Weights are pruned on the CPU alone.
            return Ok(Device::cpu());
        }
        let options = DeviceOptions { request: self.device.clone(), require_gpu: false, allow_software: false };
        let choice = choose_device(&options)?;
        choice.warning.iter().for_each(|warning| ui.warning(warning));
        Ok(choice.device)
    }

    /// Data that were asked for by name must be there: no falling back.
    fn overrides(&self) -> Vec<Override> {
        self.data.iter().map(|_| Override::removal("fallback").given_by("--data")).collect()
    }
}

/// The table, the pictures, and the best trial as an experiment.
fn conclude(args: &SweepArgs, study: &Study, trials: &[Trial], folder: &Path, ui: Ui) -> Result<()> {
    let best = by_quality(trials, study.objective).first().copied();
    if let Some(best) = best {
        write_best(study, best, trials.len(), folder, &args.overrides())?;
    }
    let drawn = pictures::draw(study, trials, folder);
    if args.json {
        let epochs: u32 = trials.iter().map(|trial| trial.epochs).sum();
        print_json(&json!({
            "study": study, "trials": trials, "best": best, "epochs": epochs, "folder": folder,
            "improvements": improvements(study, trials),
        }))?;
    } else {
        print_out(&trials_table(study, trials));
        print_out(&format!("\n{}", best_line(study, trials)));
        print_out(&format!(
            "everything is in {}; train it: fude train {}",
            folder.display(),
            folder.join("best.toml").display()
        ));
    }
    // The result stands whether or not its pictures do.
    if let Err(error) = drawn {
        ui.warning(format!("{error:#}"));
    }
    Ok(())
}

/// The trials that were better than all before them, trained to their end, with the epochs of all trials up to them.
fn improvements(study: &Study, trials: &[Trial]) -> Vec<Value> {
    let (mut epochs, mut lowest) = (0, f64::INFINITY);
    let mut better = Vec::new();
    for trial in trials {
        epochs += trial.epochs;
        let Some(value) = trial.value.filter(|_| trial.state == State::Finished) else { continue };
        if study.objective.cost(value) < lowest {
            lowest = study.objective.cost(value);
            better.push(json!({ "trial": trial.number, "epochs": epochs, "value": value }));
        }
    }
    better
}

fn write_best(study: &Study, best: &Trial, count: usize, folder: &Path, overrides: &[Override]) -> Result<()> {
    let experiment = study.experiment(&best.values, overrides)?;
    let experiment = Experiment { name: format!("{}-best", study.name), ..experiment };
    let path = folder.join("best.toml");
    let head = format!("# The best of {count} trials of the search {}, by {}.\n", study.name, study.objective.name());
    let text = format!("{head}{}", experiment.to_toml().context("the best trial's experiment")?);
    fude_record::write_atomically(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
