//! Many steps: all workers on one model after the other, or each worker on models of its own.

use super::adam::AdamStep;
use super::share::Share;
use super::step::{Recipe, Step};
use super::team::Team;
use super::warp::Warp;
use super::weights::Weights;
use super::workspace::Workspace;
use crate::{Control, EngineError, EpochPlan, Flow, OptimizerSpec, Progressed, Totals};
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

/// Steps that each model makes before the next one's turn, where a worker trains several: its weights stay in cache.
const STEPS_PER_TURN: u32 = 8;

/// What a call of `train` works with.
pub(super) struct Run<'a> {
    pub(super) recipe: Recipe<'a>,
    pub(super) optimizer: &'a OptimizerSpec,
    pub(super) ema_decay: Option<f32>,
    pub(super) plans: &'a [EpochPlan],
    /// How each plan deforms images.
    pub(super) warps: &'a [Option<Warp<'a>>],
    pub(super) workspaces: &'a [Workspace],
}

/// Checks what a caller must get right, before any worker depends on it.
pub(in crate::fused) fn check(plans: &[EpochPlan], steps: &Range<u32>, models: usize, images: usize, classes: usize) {
    assert_eq!(plans.len(), models, "one plan a model");
    for plan in plans {
        assert!(steps.end <= plan.steps() && steps.end as usize <= plan.learning_rate.len(), "a step beyond the plan");
        let in_range = |step| plan.rows(step).iter().all(|&row| (row as usize) < images);
        assert!(steps.clone().all(in_range), "the plan names an image that is not there");
        assert!(plan.mixup.is_empty() || steps.end as usize <= plan.mixup.len(), "mixup for every step or for none");
        let taught = plan.teacher.as_ref().map_or(images * classes, |teacher| teacher.probabilities.len());
        assert_eq!(taught, images * classes, "a teacher has probabilities [N, O]");
    }
}

impl<'a> Run<'a> {
    fn step(&'a self, model: usize, weights: &'a Weights, worker: usize, step: u32) -> Step<'a> {
        let work = &self.workspaces[worker];
        let (plan, warp) = (&self.plans[model], self.warps[model].as_ref());
        Step { recipe: &self.recipe, layers: &weights.layers, work, plan, warp, step }
    }

    /// Adam's numbers at a step, `done` steps after the call's first.
    fn adam(&self, model: usize, weights: &Weights, step: u32, done: u32) -> AdamStep {
        let time = weights.time + u64::from(done) + 1;
        AdamStep::new(self.optimizer, self.ema_decay, self.plans[model].learning_rate[step as usize], time)
    }

    fn non_finite(&self, failure: Failure) -> EngineError {
        let Failure { model, step, loss } = failure;
        EngineError::NonFinite { model, epoch: self.plans[model].epoch + 1, step: step + 1, loss }
    }
}

/// A step whose loss was no number.
#[derive(Clone, Copy)]
struct Failure {
    model: usize,
    step: u32,
    loss: f64,
}

/// How far one model came in a call.
#[derive(Clone, Copy, Default)]
struct Account {
    totals: Totals,
    done: u32,
}

impl Account {
    /// Adds a step; its failure where the loss is no number.
    fn add(&mut self, model: usize, step: u32, totals: Totals) -> Result<(), Failure> {
        self.done += 1;
        if !totals.loss.is_finite() {
            return Err(Failure { model, step, loss: totals.loss });
        }
        self.totals.loss += totals.loss;
        self.totals.correct += totals.correct;
        self.totals.samples += totals.samples;
        Ok(())
    }

    fn open(weights: &Weights) -> Self {
        Self { totals: weights.totals, done: 0 }
    }

    fn close(self, weights: &mut Weights) {
        weights.totals = self.totals;
        weights.time += u64::from(self.done);
    }
}

/// All workers share each step of each model.
pub(super) fn together(
    run: &Run,
    team: &mut Team,
    models: &mut [Weights],
    steps: Range<u32>,
    control: &mut dyn Control,
) -> Result<Progressed, EngineError> {
    let mut accounts: Vec<Account> = models.iter().map(Account::open).collect();
    let mut end = Ok(steps.end);
    let count = team.size();
    let barrier = team.barrier();
    let stop = AtomicBool::new(false);
    let trained: &[Weights] = models;
    // What each worker does; `settle` is worker 0's alone, while the others update.
    let work = |index: usize, settle: &mut dyn FnMut(usize, u32, &Step)| {
        let share = Share { index, count };
        for step in steps.clone() {
            for (model, weights) in trained.iter().enumerate() {
                let this = run.step(model, weights, 0, step);
                this.samples(share);
                barrier.wait();
                this.update(share, run.adam(model, weights, step, step - steps.start), Some(&barrier));
                settle(model, step, &this);
                barrier.wait();
                if stop.load(SeqCst) {
                    return;
                }
            }
        }
    };
    let lead = || {
        work(0, &mut |model, step, this| {
            let last_of_step = model + 1 == trained.len();
            if let Err(failure) = accounts[model].add(model, step, this.totals()) {
                end = Err(Ended::Failed(failure));
            } else if last_of_step && step + 1 < steps.end {
                match ask(control, step + 1) {
                    Ok(Flow::Continue) => return,
                    Ok(Flow::Return) => end = Ok(step + 1),
                    Err(panic) => end = Err(Ended::Panicked(panic)),
                }
            } else {
                return;
            }
            stop.store(true, SeqCst);
        });
    };
    team.run(&|index| work(index, &mut |_, _, _| ()), lead);
    models.iter_mut().zip(accounts).for_each(|(weights, account)| account.close(weights));
    finish(run, models, end)
}

/// Each worker takes the next model that nobody has, for some steps: nobody waits for anybody within them.
pub(super) fn apart(
    run: &Run,
    team: &mut Team,
    models: &mut [Weights],
    steps: Range<u32>,
    control: &mut dyn Control,
) -> Result<Progressed, EngineError> {
    let mut next = steps.start;
    while next < steps.end {
        let turn = next..steps.end.min(next + STEPS_PER_TURN);
        next = turn.end;
        if let Some(failure) = take_turns(run, team, models, &turn) {
            return finish(run, models, Err(Ended::Failed(failure)));
        }
        if next < steps.end {
            match ask(control, next) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Return) => return finish(run, models, Ok(next)),
                Err(panic) => return finish(run, models, Err(Ended::Panicked(panic))),
            }
        }
    }
    finish(run, models, Ok(steps.end))
}

/// Every model makes the steps of a turn. The failure of the earliest step, if any.
fn take_turns(run: &Run, team: &mut Team, models: &mut [Weights], turn: &Range<u32>) -> Option<Failure> {
    let free = AtomicUsize::new(0);
    let slots: Vec<Mutex<&mut Weights>> = models.iter_mut().map(Mutex::new).collect();
    let failed = Mutex::new(None);
    let work = |worker: usize| loop {
        let model = free.fetch_add(1, SeqCst);
        let Some(slot) = slots.get(model) else { return };
        let weights = &mut *slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(failure) = alone(run, weights, model, worker, turn.clone()) {
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            *failed = earlier(*failed, failure);
        }
    };
    team.run(&work, || work(0));
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn earlier(a: Option<Failure>, b: Failure) -> Option<Failure> {
    a.into_iter().chain([b]).min_by_key(|failure| (failure.step, failure.model))
}

/// One worker makes steps of one model.
fn alone(run: &Run, weights: &mut Weights, model: usize, worker: usize, steps: Range<u32>) -> Result<(), Failure> {
    let mut account = Account::open(weights);
    let mut result = Ok(());
    for step in steps {
        let this = run.step(model, weights, worker, step);
        this.samples(Share::WHOLE);
        this.update(Share::WHOLE, run.adam(model, weights, step, account.done), None);
        result = account.add(model, step, this.totals());
        if result.is_err() {
            break;
        }
    }
    account.close(weights);
    result
}

/// Why a call ended before its last step.
enum Ended {
    Failed(Failure),
    Panicked(Box<dyn Any + Send>),
}

/// Asks for the way on. A panic must not leave the other workers waiting: it goes on when they are done.
fn ask(control: &mut dyn Control, step: u32) -> Result<Flow, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(|| control.boundary(step)))
}

fn finish(run: &Run, models: &[Weights], end: Result<u32, Ended>) -> Result<Progressed, EngineError> {
    match end {
        Ok(steps_done) => {
            let totals = models.iter().map(|model| model.totals).collect();
            Ok(Progressed { steps_done, totals, diverged: Vec::new() })
        }
        Err(Ended::Failed(failure)) => Err(run.non_finite(failure)),
        Err(Ended::Panicked(panic)) => resume_unwind(panic),
    }
}
