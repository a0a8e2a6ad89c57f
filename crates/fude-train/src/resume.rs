//! Finding what to go on with.

use crate::{Checkpoint, CheckpointError};
use fude_record::{Experiment, RunFolder, RunFolderError, file, list_runs};
use std::path::Path;

/// The newest run under `root` of this experiment, seed and fold that has not finished and that nobody is working on.
///
/// # Errors
/// Where `root` is there and cannot be read.
pub fn newest_unfinished(root: &Path, experiment: &Experiment) -> Result<Option<RunFolder>, RunFolderError> {
    let runs = list_runs(root, Some(&experiment.name))?;
    let member = |of: &Experiment| (of.train.seed, of.data.folds, of.data.fold);
    let same = |run: &RunFolder| run.experiment().is_ok_and(|other| member(&other) == member(experiment));
    let idle = |run: &RunFolder| !matches!(run.lock(), Err(RunFolderError::Busy { .. }));
    Ok(runs.into_iter().rev().find(|run| !run.is_finished() && same(run) && idle(run)))
}

/// The newest usable checkpoint of a run, and a warning where the newest one is damaged; none where the run has none.
///
/// # Errors
/// Where every checkpoint is damaged.
pub fn latest_checkpoint(run: &RunFolder) -> Result<Option<(Checkpoint, Option<String>)>, CheckpointError> {
    let mut damage: Option<CheckpointError> = None;
    for name in [file::CHECKPOINT, file::PREVIOUS_CHECKPOINT] {
        let path = run.file(name);
        if !path.exists() {
            continue;
        }
        match Checkpoint::read(&path) {
            Ok(checkpoint) => {
                let warning = damage.map(|error| format!("{error}; going on from the checkpoint before it"));
                return Ok(Some((checkpoint, warning)));
            }
            Err(error) => damage = damage.or(Some(error)),
        }
    }
    damage.map_or(Ok(None), Err)
}
