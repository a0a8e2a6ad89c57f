//! Finding the run that a user means.

use crate::exit::Stopped;
use crate::ui::quoted;
use anyhow::{Result, bail};
use fude_record::{RunFolder, RunFolderError, file, list_runs};
use std::path::Path;

/// Where runs are left unless `--out` says otherwise.
pub(crate) const RUNS: &str = "runs";

/// The run at a path, or by its path under `root`.
pub(crate) fn run_at(text: &str, root: &Path) -> Option<RunFolder> {
    let direct = Path::new(text);
    [direct.to_owned(), root.join(direct)].into_iter().find_map(|path| RunFolder::open(path).ok())
}

/// [`find_run`], and it must have come to its end.
pub(crate) fn find_finished(text: &str, root: &Path) -> Result<RunFolder> {
    let run = find_run(text, root)?;
    require_finished(&run)?;
    Ok(run)
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
    let direct = Path::new(text);
    let is_name = direct.components().count() == 1;
    if is_name && let Some(newest) = list_runs(root, Some(text))?.pop() {
        return Ok(newest);
    }
    if direct.is_dir()
        && let Some(newest) = newest_below(direct)?
    {
        return Ok(newest);
    }
    let known = list_runs(root, None)?;
    let newest: Vec<String> = known.iter().rev().take(3).map(|run| run.path().display().to_string()).collect();
    let hint = if newest.is_empty() {
        format!("there are no runs under {}", root.display())
    } else {
        format!("the newest are {}", newest.join(", "))
    };
    Err(Stopped::Usage(format!("no run '{text}': expected a run folder or an experiment's name; {hint}")).into())
}

/// `runs/e1-l2` means its newest run.
fn newest_below(path: &Path) -> Result<Option<RunFolder>> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    Ok(list_runs(parent, name.to_str())?.pop())
}
