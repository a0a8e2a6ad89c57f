//! Several runs of one experiment, seeds or the folds of a cross-validation, and what they say together.

use super::start::{Start, Turn};
use super::words::{Concluded, again, conclude_series};
use super::{Ended, TrainArgs, Trained, train_one};
use crate::exit::Stopped;
use crate::signals::stop_on_ctrl_c;
use crate::table::duration;
use crate::ui::Ui;
use anyhow::Result;
use fude_record::{Override, RunFolder, Summary};
use std::time::Instant;

/// The runs that were asked for.
pub(super) struct Series {
    members: Vec<Member>,
}

/// One of them.
struct Member {
    /// "seed 3", "fold 0".
    name: String,
    /// What makes it differ from the others.
    overrides: Vec<Override>,
}

impl Series {
    /// The series that the flags ask for; none where they ask for a single run.
    pub(super) fn asked_for(args: &TrainArgs) -> Result<Option<Self>> {
        let seed = |&seed: &u32| Member {
            name: format!("seed {seed}"),
            overrides: vec![Override::new("train.seed", seed).given_by("--seeds")],
        };
        let fold = |fold, folds| Member {
            name: format!("fold {fold}"),
            overrides: vec![
                Override::new("data.folds", folds).given_by("--folds"),
                Override::new("data.fold", fold).given_by("--folds"),
            ],
        };
        let members = match (&args.seeds, args.folds) {
            (Some(seeds), _) => seeds.0.iter().map(seed).collect(),
            (None, Some(folds)) => (0..folds).map(|index| fold(index, folds)).collect(),
            (None, None) => return Ok(None),
        };
        if matches!(args.resume, Some(Some(_))) {
            let why = "--seeds and --folds go with --resume alone: it skips the runs that have finished";
            return Err(Stopped::Usage(why.into()).into());
        }
        Ok(Some(Self { members }))
    }

    /// Runs them one after the other and tells what they reached together.
    pub(super) fn run(&self, args: &TrainArgs, ui: Ui) -> Result<()> {
        let mut done: Vec<(Summary, RunFolder)> = Vec::new();
        let mut trained_for = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            let begun = Instant::now();
            match member.turn(args, ui)? {
                Turn::Finished(summary, folder) => {
                    ui.note(format!("{} has finished before: {}", member.name, folder.path().display()));
                    done.push((*summary, folder));
                }
                Turn::Begin(start) => {
                    self.introduce(index, &trained_for, ui);
                    let mut trained = self.train(*start, index, args, ui)?;
                    trained.draw(ui);
                    trained_for.push(begun.elapsed().as_secs_f64());
                    done.extend(trained.folder.map(|folder| (*trained.summary, folder)));
                }
            }
        }
        let runs: Vec<Concluded> = done.iter().map(|(summary, run)| Concluded::new(summary, Some(run))).collect();
        conclude_series(&runs, ui)
    }

    fn train(&self, start: Start, index: usize, args: &TrainArgs, ui: Ui) -> Result<Trained> {
        let interrupted = |whereabouts: String| {
            let (name, count) = (&self.members[index].name, self.members.len());
            let text = format!("ended by Ctrl-C {whereabouts} {name}: {index} of {count} runs are done; {}", again());
            anyhow::Error::from(Stopped::Interrupted(text))
        };
        if stop_on_ctrl_c().is_set() {
            return Err(interrupted("before".into()));
        }
        match train_one(start, args, ui)? {
            Ended::Finished(trained) => Ok(*trained),
            Ended::Interrupted { progress, .. } => {
                Err(interrupted(format!("after epoch {}, step {} of", progress.epoch, progress.step)))
            }
        }
    }

    fn introduce(&self, index: usize, trained_for: &[f64], ui: Ui) {
        let (count, name) = (self.members.len(), &self.members[index].name);
        let seconds = trained_for.iter().sum::<f64>() / trained_for.len() as f64;
        let left = match trained_for.len() {
            0 => String::new(),
            _ => format!(", about {} left", duration(seconds * (count - index) as f64)),
        };
        ui.note(format!("{name}: run {} of {count}{left}", index + 1));
    }
}

impl Member {
    /// What is left of it to do.
    fn turn(&self, args: &TrainArgs, ui: Ui) -> Result<Turn> {
        Start::of_series(&self.overrides, args, ui)
    }
}
