//! Several runs of one experiment, seeds or the folds of a cross-validation, and what they say together.

use super::sharing::{Part, Sharing};
use super::start::{Start, Turn};
use super::words::{Concluded, conclude_series};
use super::{Ended, TrainArgs, Trained, train_one};
use crate::exit::Stopped;
use crate::signals::stop_on_ctrl_c;
use crate::table::{duration, percent};
use crate::ui::Ui;
use anyhow::Result;
use fude_record::{Override, RunFolder, Summary};
use fude_train::StopOnPanic;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// How far a series has come.
struct Progress {
    next: usize,
    /// The run whose progress is drawn, of several that train in step.
    shown: Option<usize>,
    done: BTreeMap<usize, (Summary, RunFolder)>,
    /// Runs that were trained here, and since when.
    trained: usize,
    started: Instant,
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
        let refuse = |why: &str| Err(Stopped::Usage(why.into()).into());
        let members: Vec<Member> = match (&args.seeds, args.folds) {
            (Some(seeds), _) => seeds.0.iter().map(seed).collect(),
            (None, Some(folds)) => (0..folds).map(|index| fold(index, folds)).collect(),
            (None, None) if args.jobs.is_some_and(|jobs| jobs > 1) => {
                return refuse("--jobs needs several runs: --seeds or --folds");
            }
            (None, None) => return Ok(None),
        };
        for (key, flag, given) in
            [("train.seed", "--seeds", args.seeds.is_some()), ("data.fold", "--folds", args.folds.is_some())]
        {
            if given && args.set.iter().any(|item| item.dotted_key() == key) {
                return refuse(&format!("--set {key}: {flag} sets it for each run"));
            }
        }
        if matches!(args.resume, Some(Some(_))) {
            return refuse("--seeds and --folds go with --resume alone: it skips the runs that have finished");
        }
        Ok(Some(Self { members }))
    }

    /// Runs them, some at once, and tells what they reached together.
    pub(super) fn run(&self, args: &TrainArgs, ui: Ui) -> Result<()> {
        let sharing = Sharing::of(self.members.iter().map(|member| &member.overrides[..]), args, ui)?;
        if sharing.is_in_step() {
            ui.note(format!("{} of {} runs at once, in the same dispatches", sharing.jobs, self.members.len()));
        }
        let progress = Progress { next: 0, shown: None, done: BTreeMap::new(), trained: 0, started: Instant::now() };
        let progress = Mutex::new(progress);
        let stop = stop_on_ctrl_c();
        let work = |part: Part| {
            let _guard = StopOnPanic(&stop);
            let result = self.work(&progress, args, &part, ui);
            if result.is_err() {
                // Nobody waits for the others: they end with a checkpoint.
                stop.stop();
            }
            result
        };
        let results: Vec<Result<()>> = if sharing.jobs == 1 {
            vec![work(sharing.part())]
        } else {
            // Seats for all before the first begins: they wait for each other.
            let parts: Vec<Part> = (0..sharing.jobs).map(|_| sharing.part()).collect();
            let work = &work;
            std::thread::scope(|scope| {
                let workers: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || work(part))).collect();
                let join = |worker: std::thread::ScopedJoinHandle<'_, Result<()>>| {
                    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                workers.into_iter().map(join).collect()
            })
        };
        first_error(results)?;
        let done = progress.into_inner().unwrap_or_else(PoisonError::into_inner).done;
        let runs: Vec<Concluded> = done.values().map(|(summary, run)| Concluded::new(summary, Some(run))).collect();
        conclude_series(&runs, ui)
    }

    /// Takes run after run that nobody has.
    fn work(&self, progress: &Mutex<Progress>, args: &TrainArgs, part: &Part, ui: Ui) -> Result<()> {
        loop {
            let index = {
                let mut progress = lock(progress);
                progress.next += 1;
                progress.next - 1
            };
            let Some(member) = self.members.get(index) else { return Ok(()) };
            // Where each goes on is told of all of them.
            let turn = Start::of_series(&member.overrides, args, ui)?;
            let own_ui = ui_of_one(index, progress, part.sharing, ui);
            match turn {
                Turn::Finished(summary, folder) => {
                    ui.note(format!("{} has finished before: {}", member.name, folder.path().display()));
                    lock(progress).done.insert(index, (*summary, folder));
                }
                Turn::Begin(start) => {
                    if part.sharing.jobs == 1 {
                        self.introduce(index, &lock(progress), ui);
                    } else if !own_ui.quiet {
                        ui.note(format!("of the runs at once, the epochs of {} are shown", member.name));
                    }
                    let mut trained = self.train(*start, index, progress, args, part, own_ui)?;
                    let _others_go_on = part.seat.as_ref().map(|seat| seat.step_aside());
                    trained.draw(ui);
                    self.take(trained, index, &mut lock(progress), part.sharing.jobs, ui);
                }
            }
        }
    }

    fn train(
        &self,
        start: Start,
        index: usize,
        all: &Mutex<Progress>,
        args: &TrainArgs,
        part: &Part,
        ui: Ui,
    ) -> Result<Trained> {
        let interrupted = |whereabouts: String| {
            let (name, count, done) = (&self.members[index].name, self.members.len(), lock(all).done.len());
            anyhow::Error::from(Stopped::Interrupted(format!(
                "ended by Ctrl-C {whereabouts} {name}: {done} of {count} runs are done; the same command with --resume \
                 goes on"
            )))
        };
        if stop_on_ctrl_c().is_set() {
            return Err(interrupted("before".into()));
        }
        match train_one(start, args, part, ui)? {
            Ended::Finished(trained) => Ok(*trained),
            Ended::Interrupted { progress, .. } => {
                Err(interrupted(format!("after epoch {}, step {} of", progress.epoch, progress.step)))
            }
        }
    }

    fn take(&self, trained: Trained, index: usize, progress: &mut Progress, jobs: usize, ui: Ui) {
        let Some(folder) = trained.folder else { return };
        let accuracy = trained.summary.test_accuracy.or(trained.summary.val_accuracy);
        progress.trained += 1;
        progress.done.insert(index, (*trained.summary, folder));
        if jobs > 1 {
            let (name, count, done) = (&self.members[index].name, self.members.len(), progress.done.len());
            // Those that began together end together: one of them says nothing of the time.
            let left = if progress.trained.is_multiple_of(jobs) { self.left(progress) } else { String::new() };
            ui.note(format!("{name}: accuracy {}; {done} of {count} runs are done{left}", percent(accuracy)));
        }
    }

    fn introduce(&self, index: usize, progress: &Progress, ui: Ui) {
        let (count, name) = (self.members.len(), &self.members[index].name);
        ui.note(format!("{name}: run {} of {count}{}", index + 1, self.left(progress)));
    }

    /// `, about 3 min 20 s left`; nothing before the first run is done, or after the last.
    fn left(&self, progress: &Progress) -> String {
        if progress.trained == 0 || progress.done.len() == self.members.len() {
            return String::new();
        }
        let each = progress.started.elapsed().as_secs_f64() / progress.trained as f64;
        format!(", about {} left", duration(each * (self.members.len() - progress.done.len()) as f64))
    }
}

/// Of several runs at once none draws its progress; of those that train in step one does so for all.
fn ui_of_one(index: usize, progress: &Mutex<Progress>, sharing: &Sharing, ui: Ui) -> Ui {
    let mut progress = lock(progress);
    if sharing.is_in_step() && progress.shown.is_none_or(|shown| progress.done.contains_key(&shown)) {
        progress.shown = Some(index);
    }
    Ui { quiet: ui.quiet || (sharing.jobs > 1 && progress.shown != Some(index)), ..ui }
}

/// What one worker failed of, rather than that the others were then stopped.
fn first_error(results: Vec<Result<()>>) -> Result<()> {
    let mut errors: Vec<anyhow::Error> = results.into_iter().filter_map(Result::err).collect();
    let is_stop = |error: &anyhow::Error| matches!(error.downcast_ref(), Some(Stopped::Interrupted(_)));
    errors.sort_by_key(is_stop);
    errors.into_iter().next().map_or(Ok(()), Err)
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
