//! Finding the run that a user means.

use crate::exit::Stopped;
use crate::ui::{Ui, quoted};
use anyhow::{Result, bail};
use fude_record::{RunFolder, RunFolderError, file, list_runs, nearest};
use std::path::Path;

/// Where runs are left unless `--out` says otherwise.
pub(crate) const RUNS: &str = "runs";

/// The run at a path, or by its path under `root`.
pub(crate) fn run_at(text: &str, root: &Path) -> Option<RunFolder> {
    let direct = Path::new(text);
    [direct.to_owned(), root.join(direct)].into_iter().find_map(|path| RunFolder::open(path).ok())
}

/// The run at a path, which must have come to its end; or the newest of a name that has, with a note where a newer one has
/// not, or has a summary that cannot be read.
pub(crate) fn find_finished(text: &str, root: &Path, ui: Ui) -> Result<RunFolder> {
    if let Some(run) = run_at(text, root) {
        require_finished(&run)?;
        return Ok(run);
    }
    let runs = runs_of_name(text, root)?;
    let Some(newest) = runs.last() else { return Err(unknown(text, root)?) };
    let Some(finished) = runs.iter().rev().find(|run| run.is_finished() && run.summary().is_ok()) else {
        require_finished(newest)?;
        return Ok(newest.clone());
    };
    if finished != newest {
        let (newer, taken) = (newest.path().display(), finished.path().display());
        let why = if newest.is_finished() { "has a summary that cannot be read" } else { "has not finished" };
        ui.note(format!("{newer} {why} and is passed over: '{text}' stands for {taken}"));
    }
    Ok(finished.clone())
}

/// The arguments without paths of unfinished runs, as `runs/e1-l2/*` may have them, which are passed over with a warning as long
/// as others are left.
pub(crate) fn without_unfinished<'a>(texts: &'a [String], root: &Path, ui: Ui) -> Result<Vec<&'a String>> {
    let unfinished = |text: &str| run_at(text, root).filter(|run| !run.is_finished());
    let (skipped, kept): (Vec<&String>, Vec<&String>) = texts.iter().partition(|text| unfinished(text).is_some());
    if kept.is_empty() {
        skipped.iter().filter_map(|text| unfinished(text)).try_for_each(|run| require_finished(&run))?;
    }
    skipped.iter().for_each(|text| ui.warning(format!("{text} has not finished and is left out")));
    Ok(kept)
}

/// Only a finished run has a final model and a summary.
pub(crate) fn require_finished(run: &RunFolder) -> Result<()> {
    if run.is_finished() {
        return Ok(());
    }
    let path = run.path().display();
    let how = match run.lock() {
        Err(RunFolderError::Busy { .. }) => "another fude is working on it".to_owned(),
        _ => format!("`fude train --resume {}` goes on with it", quoted(run.path())),
    };
    bail!("{path} has not finished: it has no {}; {how}", file::SUMMARY)
}

/// The run at a path; or by its path under `root`; or the newest run of an experiment's name.
pub(crate) fn find_run(text: &str, root: &Path) -> Result<RunFolder> {
    if let Some(run) = run_at(text, root) {
        return Ok(run);
    }
    match runs_of_name(text, root)?.pop() {
        Some(newest) => Ok(newest),
        None => Err(unknown(text, root)?),
    }
}

/// The runs of an experiment's name, oldest first; `runs/e1-l2` means those of `e1-l2`.
fn runs_of_name(text: &str, root: &Path) -> Result<Vec<RunFolder>> {
    let direct = Path::new(text);
    if direct.components().count() == 1 {
        let runs = list_runs(root, Some(text))?;
        if !runs.is_empty() {
            return Ok(runs);
        }
    }
    match (direct.parent(), direct.file_name()) {
        (Some(parent), Some(name)) if direct.is_dir() => Ok(list_runs(parent, name.to_str())?),
        _ => Ok(Vec::new()),
    }
}

/// That there is no such run, and which ones might be meant.
pub(crate) fn unknown(text: &str, root: &Path) -> Result<anyhow::Error> {
    let known = list_runs(root, None)?;
    let names: Vec<&str> = known.iter().filter_map(|run| run.path().parent()?.file_name()?.to_str()).collect();
    let newest: Vec<String> = known.iter().rev().take(3).map(|run| run.path().display().to_string()).collect();
    let name = Path::new(text).file_name().and_then(|name| name.to_str()).unwrap_or(text);
    let hint = match (nearest(name, names), newest.as_slice()) {
        (Some(name), _) => format!("did you mean '{name}'?"),
        (None, []) => format!("there are no runs under {}", root.display()),
        (None, newest) => format!("the newest are {}", newest.join(", ")),
    };
    let what = if Path::new(text).is_dir() {
        format!("no run '{text}': that folder has no {} and holds no runs", file::EXPERIMENT)
    } else {
        format!("no run '{text}'")
    };
    Ok(Stopped::Usage(format!("{what}; expected a run folder or an experiment's name; {hint}")).into())
}
