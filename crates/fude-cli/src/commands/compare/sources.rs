//! What is compared: run folders, an experiment's runs, or recorded result lines.

use crate::commands::results::read;
use crate::run_lookup::{find_finished, require_finished, run_at};
use crate::ui::Ui;
use anyhow::Result;
use fude_record::{Experiment, RunFolder, Summary, list_runs};
use std::collections::BTreeMap;
use std::path::Path;

/// A finished run, or a result line of one.
pub(super) struct Compared {
    pub(super) path: String,
    pub(super) summary: Summary,
    /// None where there is but a result line.
    pub(super) experiment: Option<Experiment>,
}

impl Compared {
    fn read(run: &RunFolder) -> Result<Self> {
        let path = run.path().display().to_string();
        Ok(Self { experiment: Some(run.experiment()?), summary: run.summary()?, path })
    }

    /// What its group has in common.
    pub(super) fn identity(&self) -> BTreeMap<String, String> {
        let mut keys = self.experiment.as_ref().map(Experiment::identity).unwrap_or_default();
        keys.insert("summary".into(), format!("{:?}", self.summary.repeated()));
        keys
    }

    /// Every key of its experiment that is worth telling.
    pub(super) fn keys(&self) -> BTreeMap<String, String> {
        self.told(Experiment::keys)
    }

    /// The same of what its group has in common.
    pub(super) fn keys_of_group(&self) -> BTreeMap<String, String> {
        self.told(Experiment::identity)
    }

    /// Without its name, and without deformations that it has none of: another may have no `[augment]` at all.
    fn told(&self, keys: fn(&Experiment) -> BTreeMap<String, String>) -> BTreeMap<String, String> {
        let Some(experiment) = &self.experiment else { return BTreeMap::new() };
        let deformations = experiment.deformations();
        let is_plain = |key: &str| key.strip_prefix("augment.").is_some_and(|key| !deformations.contains_key(key));
        let mut keys = keys(experiment);
        keys.retain(|key, _| key != "name" && !is_plain(key));
        keys
    }
}

/// The runs that all arguments stand for. Paths of unfinished runs, as `runs/e1-l2/*` may have them, are passed over with a
/// warning as long as others are left.
pub(super) fn find_all(texts: &[String], root: &Path, ui: Ui) -> Result<Vec<Compared>> {
    let unfinished =
        |text: &str| !Path::new(text).is_file() && run_at(text, root).is_some_and(|run| !run.is_finished());
    let (skipped, kept): (Vec<&String>, Vec<&String>) = texts.iter().partition(|text| unfinished(text));
    if kept.is_empty() {
        skipped.iter().filter_map(|text| run_at(text, root)).try_for_each(|run| require_finished(&run))?;
    }
    skipped.iter().for_each(|text| ui.warning(format!("{text} has not finished and is left out")));
    let mut runs = Vec::new();
    for text in kept {
        runs.extend(find(text, root, ui)?);
    }
    Ok(runs)
}

/// The runs that an argument stands for: one at a path; the lines of a file; or, for an experiment's name, its newest run
/// and those that repeat it with other seeds or folds.
fn find(text: &str, root: &Path, ui: Ui) -> Result<Vec<Compared>> {
    let path = Path::new(text);
    if path.is_file() {
        let line = |(index, summary)| Compared { path: format!("{text}:{}", index + 1), summary, experiment: None };
        return Ok(read(path)?.into_iter().enumerate().map(line).collect());
    }
    if let Some(run) = run_at(text, root) {
        require_finished(&run)?;
        return Ok(vec![Compared::read(&run)?]);
    }
    let newest = find_finished(text, root, ui)?;
    repeats(&newest)?.iter().map(Compared::read).collect()
}

/// The newest run of each seed and hold-out, oldest first.
fn repeats(newest: &RunFolder) -> Result<Vec<RunFolder>> {
    let Some(root) = newest.path().parent().and_then(Path::parent) else { return Ok(vec![newest.clone()]) };
    let experiment = newest.experiment()?;
    newest.summary()?;
    let identity = experiment.identity();
    let mut found = BTreeMap::new();
    for run in list_runs(root, Some(&experiment.name))? {
        let Ok(other) = run.experiment() else { continue };
        if run.summary().is_ok() && other.identity() == identity {
            found.insert((other.data.fold, other.data.split_seed, other.train.seed), run);
        }
    }
    Ok(found.into_values().collect())
}
