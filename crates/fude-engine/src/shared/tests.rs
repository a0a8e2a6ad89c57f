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

fn engine(seat: &Seat, seed: u32, hidden: usize, data: DeviceData) -> Box<dyn Engine> {
    let spec = spec(seed, hidden, data);
    let needs = Needs::new(&spec.model);
    seat.engine(&Device::cpu(), spec, &needs).unwrap()
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

/// Each job in a thread, in engines of up to `most` models.
fn at_once(jobs: &[Job], most: usize) -> Vec<Trained> {
    let (shared, images) = (SharedEngine::of_groups(most), images());
    let seats: Vec<Seat> = jobs.iter().map(|_| shared.seat()).collect();
    let run = |(job, seat): (&Job, Seat)| {
        let data = seat.upload(&images, CLASSES, &Device::cpu()).unwrap();
        let mut engine = engine(&seat, job.seed, job.hidden, data);
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
    for most in [1, 2, 8] {
        assert!(at_once(&jobs, most) == expected, "at most {most} in an engine");
    }
}

#[test]
fn jobs_of_other_shapes_or_batches_train_beside_each_other() {
    let jobs = [job(0, 2), Job { hidden: 9, ..job(1, 3) }, Job { batch: 8, ..job(2, 3) }, job(3, 1)];
    let expected: Vec<Trained> = jobs.iter().map(|&job| alone(job)).collect();
    for most in [1, 2, 8] {
        assert!(at_once(&jobs, most) == expected, "at most {most} in an engine");
    }
}

#[test]
fn nobody_waits_for_a_job_that_has_stepped_aside() {
    let shared = SharedEngine::default();
    let (seat, other) = (shared.seat(), shared.seat());
    let _aside = other.step_aside();
    let data = seat.upload(&images(), CLASSES, &Device::cpu()).unwrap();
    let mut engine = engine(&seat, 0, 7, data);
    assert!(train(job(0, 1), engine.as_mut(), &mut ()) == alone(job(0, 1)));
}

#[test]
fn a_state_is_there_before_the_first_step_and_can_be_replaced() {
    let shared = SharedEngine::default();
    let seat = shared.seat();
    let data = seat.upload(&images(), CLASSES, &Device::cpu()).unwrap();
    let (_, trained) = alone(job(5, 2));
    let mut engine = engine(&seat, 0, 7, data.clone());
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
#[derive(Default)]
struct Panics;

impl Control for Panics {
    fn boundary(&mut self, _step: u32) -> Flow {
        panic!("as asked for")
    }
}

/// How a job ended: it may have panicked.
type Ended = std::thread::Result<Result<(), EngineError>>;

/// How two jobs of one engine end, each with a control of its own.
fn two<C: Control + Default>(seeds: [u32; 2]) -> Vec<Ended> {
    let (shared, images) = (SharedEngine::of_groups(2), images());
    let seats = [shared.seat(), shared.seat()];
    let run = |seat: Seat, seed: u32| {
        let data = seat.upload(&images, CLASSES, &Device::cpu()).unwrap();
        let mut engine = engine(&seat, seed, 7, data);
        // More steps than the engine makes before it asks.
        let mut plan = plan(seed, 0, 4);
        if seed == NAN {
            plan.learning_rate[0] = f32::INFINITY;
        }
        let steps = 0..plan.steps();
        catch_unwind(AssertUnwindSafe(|| engine.train(&[plan], steps, &mut C::default()).map(drop)))
    };
    let run = &run;
    scope(|scope| {
        let start = |(seat, seed)| scope.spawn(move || run(seat, seed));
        let jobs: Vec<_> = seats.into_iter().zip(seeds).map(start).collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    })
}

/// The seed of a job whose learning rate is infinite.
const NAN: u32 = 70;

#[test]
fn of_a_job_that_panics_the_others_hear() {
    let ended = two::<Panics>([1, 2]);
    // One of them has asked its control for both.
    assert_eq!(ended.iter().filter(|end| end.is_err()).count(), 1);
    let told =
        |end: &std::thread::Result<_>| matches!(end, Ok(Err(EngineError::Device(why))) if why.contains("has failed"));
    assert_eq!(ended.iter().filter(|end| told(end)).count(), 1);
}

#[test]
fn a_loss_that_is_no_number_is_told_to_its_own_job_as_that() {
    let [diverged, other] = <[Ended; 2]>::try_from(two::<()>([NAN, 1])).unwrap().map(|end| end.unwrap());
    assert!(matches!(diverged, Err(EngineError::NonFinite { model: 0, epoch: 1, step: 2, .. })), "{diverged:?}");
    assert!(matches!(other, Err(EngineError::Device(_))), "{other:?}");
}

#[test]
fn a_seat_that_is_given_away_with_its_engine_is_left_in_peace() {
    let shared = SharedEngine::of_groups(2);
    let data = DeviceData::upload(images(), CLASSES, &Device::cpu()).unwrap();
    let mut engine = engine(&shared.seat(), 0, 7, data);
    let _twice = (shared.seat().step_aside(), shared.seat().step_aside());
    assert!(train(job(0, 1), engine.as_mut(), &mut ()) == alone(job(0, 1)));
}
