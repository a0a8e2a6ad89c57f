use super::*;
use crate::{Control, EngineKind, EpochPlan, Flow, OptimizerSpec, TrainState, build};
use fude_model::{MlpConfig, initialise};
use fude_random::{Sequence, Stream, shuffle};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::scope;

const N: usize = 50;
const CLASSES: usize = 4;

fn images() -> Arc<Split> {
    let mut draw = Sequence::new(3, Stream::Split, [1, 2]);
    let labels = (0..N).map(|_| (draw.word() % CLASSES as u32) as u8).collect();
    let pixels = (0..N * 12).map(|_| (draw.word() >> 24) as u8).collect();
    Arc::new(Split { pixels, labels, height: 3, width: 4 })
}

fn spec(seed: u32, hidden: usize, train: DeviceData) -> EngineSpec {
    let model = MlpConfig { inputs: 12, hidden: vec![hidden], outputs: CLASSES, dropout: 0.2, ..MlpConfig::default() };
    let optimizer = OptimizerSpec { weight_decay: 1e-3, ..OptimizerSpec::default() };
    EngineSpec { optimizer, ..EngineSpec::new(model.clone(), vec![initialise(&model, seed)], train) }
}

fn plan(seed: u32, epoch: u32, batch: u32) -> EpochPlan {
    let order = shuffle(seed, Stream::Shuffle, epoch, N);
    EpochPlan::new(epoch, seed, batch, order, vec![1e-3 * (seed + 1) as f32; N.div_ceil(batch as usize)])
}

/// What a job trains.
#[derive(Clone, Copy)]
struct Job {
    seed: u32,
    hidden: usize,
    epochs: u32,
    batch: u32,
}

/// The losses of a job's epochs, and its state at the end.
type Trained = (Vec<f64>, TrainState);

fn train(job: Job, engine: &mut dyn Engine, control: &mut dyn Control) -> Trained {
    let mut losses = Vec::new();
    for epoch in 0..job.epochs {
        let plan = plan(job.seed, epoch, job.batch);
        let (mut done, steps) = (0, plan.steps());
        while done < steps {
            let progressed = engine.train(std::slice::from_ref(&plan), done..steps, control).unwrap();
            done = progressed.steps_done;
            if done == steps {
                losses.push(progressed.totals[0].loss);
            }
        }
    }
    (losses, engine.state(0).unwrap())
}

fn alone(job: Job) -> Trained {
    let data = DeviceData::upload(images(), CLASSES, &Device::cpu()).unwrap();
    let mut engine = build(Some(EngineKind::Fused), &Device::cpu(), spec(job.seed, job.hidden, data)).unwrap();
    train(job, engine.as_mut(), &mut ())
}

/// Each job in a thread, in one engine as far as that goes.
fn at_once(jobs: &[Job]) -> Vec<Trained> {
    let (shared, images) = (SharedEngine::default(), images());
    let seats: Vec<Seat> = jobs.iter().map(|_| shared.seat()).collect();
    let run = |(job, seat): (&Job, Seat)| {
        let data = seat.upload(&images, CLASSES, &Device::cpu()).unwrap();
        let mut engine = seat.engine(&Device::cpu(), spec(job.seed, job.hidden, data)).unwrap();
        train(*job, engine.as_mut(), &mut ())
    };
    scope(|scope| {
        let jobs: Vec<_> = jobs.iter().zip(seats).map(|job| scope.spawn(move || run(job))).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    })
}

fn job(seed: u32, epochs: u32) -> Job {
    Job { seed, hidden: 7, epochs, batch: 16 }
}

#[test]
fn each_job_has_the_bits_that_it_has_alone_also_when_others_have_ended() {
    let jobs = [job(0, 2), job(1, 4), job(2, 3)];
    let expected: Vec<Trained> = jobs.iter().map(|&job| alone(job)).collect();
    assert!(at_once(&jobs) == expected);
}

#[test]
fn jobs_of_other_shapes_or_batches_train_beside_each_other() {
    let jobs = [job(0, 2), Job { hidden: 9, ..job(1, 3) }, Job { batch: 8, ..job(2, 3) }, job(3, 1)];
    let expected: Vec<Trained> = jobs.iter().map(|&job| alone(job)).collect();
    assert!(at_once(&jobs) == expected);
}

#[test]
fn nobody_waits_for_a_job_that_has_stepped_aside() {
    let shared = SharedEngine::default();
    let (seat, other) = (shared.seat(), shared.seat());
    let _aside = other.step_aside();
    let data = seat.upload(&images(), CLASSES, &Device::cpu()).unwrap();
    let mut engine = seat.engine(&Device::cpu(), spec(0, 7, data)).unwrap();
    assert!(train(job(0, 1), engine.as_mut(), &mut ()) == alone(job(0, 1)));
}

#[test]
fn a_state_is_there_before_the_first_step_and_can_be_replaced() {
    let shared = SharedEngine::default();
    let seat = shared.seat();
    let data = seat.upload(&images(), CLASSES, &Device::cpu()).unwrap();
    let (_, trained) = alone(job(5, 2));
    let mut engine = seat.engine(&Device::cpu(), spec(0, 7, data.clone())).unwrap();
    let before = engine.state(0).unwrap();
    assert!(before.tensors["parameters"].values == spec(0, 7, data).parameters[0].values);
    engine.load_state(0, &trained).unwrap();
    assert!(engine.state(0).unwrap() == trained);
}

#[test]
fn images_are_uploaded_once() {
    let shared = SharedEngine::default();
    let (one, other, split) = (shared.seat(), shared.seat(), images());
    let upload = |seat: &Seat, split: &Arc<Split>| seat.upload(split, CLASSES, &Device::cpu()).unwrap();
    assert!(upload(&one, &split).is_same(&upload(&other, &split)));
    assert!(!upload(&one, &split).is_same(&upload(&other, &images())));
}

/// Panics where it is asked.
struct Panics;

impl Control for Panics {
    fn boundary(&mut self, _step: u32) -> Flow {
        panic!("as asked for")
    }
}

#[test]
fn a_job_that_panics_leaves_nobody_waiting() {
    let (shared, images) = (SharedEngine::default(), images());
    let seats = [shared.seat(), shared.seat()];
    let run = |seat: Seat, seed: u32| {
        let data = seat.upload(&images, CLASSES, &Device::cpu()).unwrap();
        let mut engine = seat.engine(&Device::cpu(), spec(seed, 7, data)).unwrap();
        catch_unwind(AssertUnwindSafe(|| train(job(seed, 1), engine.as_mut(), &mut Panics))).is_err()
    };
    let run = &run;
    let ended: Vec<bool> = scope(|scope| {
        let jobs: Vec<_> =
            seats.into_iter().zip(0..).map(|(seat, seed)| scope.spawn(move || run(seat, seed))).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    assert_eq!(ended, [true, true]);
}
