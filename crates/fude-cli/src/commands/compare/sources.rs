//! What is compared: run folders, an experiment's runs, or recorded result lines.

use crate::commands::results::read;
use crate::run_lookup::{find_finished, require_finished, run_at, without_unfinished};
use crate::ui::Ui;
use anyhow::Result;
use fude_record::{Experiment, Repeated, RunFolder, Summary, list_runs};
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
    pub(super) fn identity(&self) -> (BTreeMap<String, String>, Repeated<'_>) {
        (self.experiment.as_ref().map(Experiment::identity).unwrap_or_default(), self.summary.repeated())
    }

    /// Every key of its experiment that is worth telling.
    pub(super) fn keys(&self) -> BTreeMap<String, String> {
        self.experiment.as_ref().map(Experiment::told_keys).unwrap_or_default()
    }

    /// The same of what its group has in common.
    pub(super) fn keys_of_group(&self) -> BTreeMap<String, String> {
        let (common, mut keys) = (self.identity().0, self.keys());
        keys.retain(|key, _| common.contains_key(key));
        keys
    }
}

/// The runs that all arguments stand for.
pub(super) fn find_all(texts: &[String], root: &Path, ui: Ui) -> Result<Vec<Compared>> {
    let mut runs = Vec::new();
    for text in without_unfinished(texts, root, ui)? {
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
