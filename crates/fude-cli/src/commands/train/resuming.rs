//! Whether a run can go on as asked, and what of it would not be as in a run that began so.

use crate::exit::Stopped;
use crate::table::many;
use crate::ui::quoted;
use anyhow::Result;
use fude_record::{Experiment, RunFolder, Schedule, list_runs};
use fude_train::Progress;
use std::path::Path;

/// There must be something left to train.
pub(super) fn require_more(run: &RunFolder, experiment: &Experiment, progress: Progress) -> Result<()> {
    let (path, done) = (run.path().display(), progress.epoch);
    let refuse = |why: String| Err(Stopped::Usage(why).into());
    if run.is_finished() {
        if run.summary().is_ok_and(|summary| summary.stopped_early) {
            return refuse(format!(
                "{path} was ended by early stopping after {} and cannot be extended",
                many(done as usize, "epoch")
            ));
        }
        let before = run.experiment()?.train.epochs.max(done);
        if experiment.train.epochs <= before && run.experiment()?.dataset != experiment.dataset {
            return refuse(format!("{path} has finished after {}; {}", many(done as usize, "epoch"), other_data(run)));
        }
        if experiment.train.epochs <= before {
            return refuse(format!(
                "{path} has finished after {}; give --epochs over {before} to extend it",
                many(done as usize, "epoch")
            ));
        }
    }
    let begun = done + u32::from(progress.step > 0);
    if experiment.train.epochs < begun {
        return refuse(format!("{path} has begun epoch {begun} already; give --epochs of {begun} or more"));
    }
    Ok(())
}

/// What can be done with a run and data that it did not begin with.
pub(super) fn other_data(run: &RunFolder) -> String {
    let run = quoted(run.path());
    format!(
        "a run goes on with the data it began with, and --data only tells where those lie now; to train its weights on \
         others: `fude train EXPERIMENT --init {run} --data DIR`"
    )
}

/// What a run of another length would have done otherwise from its beginning: a learning rate that falls to 0 at the last
/// step, a deformation that settles in the last epochs, weights that go until the last epoch.
pub(super) fn stretched(before: &Experiment, now: &Experiment) -> Vec<String> {
    let (was, is) = (before.train.epochs, now.train.epochs);
    if was == is {
        return Vec::new();
    }
    let warn = |what: &str| {
        format!(
            "{what} to epoch {was} and goes on as if it led to epoch {is}: this is not what a run of {is} epochs would \
             have come to"
        )
    };
    let settles = now.augment.as_ref().is_some_and(|augment| augment.settle_epochs > 0);
    let is_cut = now.prune.as_ref().is_some_and(|prune| prune.last_epoch(was) != prune.last_epoch(is));
    let all = [
        (now.train.schedule != Schedule::Constant, "the learning rate followed its schedule"),
        (settles, "the augmentation's strength followed augment.settle_epochs"),
        (is_cut, "pruning followed its ramp"),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, what)| warn(what)).collect()
}

/// What may be asked for anew when a run goes on: for how long, how often it is saved, and where the data are (which
/// must still be the same ones).
const MAY_CHANGE: [&str; 4] = ["train.epochs", "checkpoint.seconds", "dataset", "fallback"];

/// The runs under `root` that are of this very experiment, oldest first.
pub(super) fn runs_of(wanted: &Experiment, root: &Path) -> Result<Vec<RunFolder>> {
    let is_same = |run: &RunFolder| {
        run.experiment().is_ok_and(|recorded| {
            let differences = recorded.differences(wanted);
            differences.iter().all(|(key, ..)| wanted.is_from_data(key) || key == "checkpoint.seconds")
        })
    };
    Ok(list_runs(root, Some(&wanted.name))?.into_iter().filter(is_same).collect())
}

/// A run goes on as what it was started as.
pub(super) fn require_same(run: &RunFolder, wanted: &Experiment, file: &Path) -> Result<()> {
    let differences = run.experiment()?.differences(wanted);
    let may_change = |key: &str| MAY_CHANGE.contains(&key) || wanted.is_from_data(key);
    let kept = differences.iter().filter(|(key, ..)| !may_change(key));
    let kept: Vec<String> = kept.map(|(key, before, now)| format!("{key} was {before}, is {now}")).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let (path, file) = (run.path().display(), file.display());
    let why = format!(
        "{path} was started with other settings than {file} has now ({}); go on with it as it was with --resume {} \
         alone, or start anew without --resume",
        kept.join("; "),
        quoted(run.path())
    );
    Err(Stopped::Usage(why).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_depends_on_the_run_s_length_is_warned_of_when_that_changes() {
        let experiment = |epochs: u32, more: &str| {
            let text = format!("name = \"x\"\ndataset = \"kana\"\ntrain.epochs = {epochs}\n{more}");
            Experiment::parse(&text, "e.toml", &[]).unwrap()
        };
        let begins = |more: &str| -> Vec<String> {
            assert!(stretched(&experiment(4, more), &experiment(4, more)).is_empty(), "{more}");
            let warnings = stretched(&experiment(4, more), &experiment(9, more));
            warnings.iter().map(|warning| warning.split(" followed").next().unwrap_or_default().to_owned()).collect()
        };
        assert!(begins("train.schedule = \"constant\"").is_empty());
        assert_eq!(begins("train.schedule = \"cosine\""), ["the learning rate"]);
        assert_eq!(begins("augment.settle_epochs = 2"), ["the augmentation's strength"]);
        assert!(begins("augment.shift = 2.0").is_empty());
        assert_eq!(begins("prune.ramp_epochs = 6"), ["pruning"]);
        assert!(begins("prune.ramp_epochs = 2").is_empty());
    }
}
