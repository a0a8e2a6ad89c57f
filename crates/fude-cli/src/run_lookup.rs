//! Finding the run that a user means.

use crate::exit::Stopped;
use anyhow::Result;
use fude_record::{RunFolder, list_runs};
use std::path::Path;

/// Where runs are left unless `--out` says otherwise.
pub(crate) const RUNS: &str = "runs";

/// The run at a path; or by its path under `root`; or the newest run of an experiment's name.
pub(crate) fn find_run(text: &str, root: &Path) -> Result<RunFolder> {
    let direct = Path::new(text);
    for path in [direct.to_owned(), root.join(direct)] {
        if let Ok(run) = RunFolder::open(path) {
            return Ok(run);
        }
    }
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
