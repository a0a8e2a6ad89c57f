//! The fused engine on a GPU: as on the CPU, the same bits again, and, in `faults`, what goes wrong. Without an adapter these tests are
//! shown as ignored, never as passed; where `FUDE_REQUIRE_GPU_TESTS` is set, as in CI, a missing adapter fails them. A
//! software adapter (llvmpipe) counts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod faults;

use fude_data::Split;
use fude_engine::{
    Augmentation, Control, Deformed, Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, Flow, Needs,
    OptimizerSpec, Seat, SharedEngine, Teacher, TrainState, View, Weights, build, choose_engine,
};
use fude_model::{Activation, MlpConfig, Normalization, initialise};
use fude_random::{Sequence, Stream, shuffle};
use fude_tests::gpu;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

const SIDE: usize = 7;
const N: usize = 203;
const BATCH: u32 = 32;
const STEPS: u32 = 7;
const CLASSES: usize = 10;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ignored = gpu::is_missing();
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test).with_ignored_flag(ignored);
    let trials = vec![
        trial("the_study_s_models_take_three_dispatches_a_step", dispatches),
        trial("auto_takes_fused_on_a_gpu_and_says_where_it_cannot", auto_takes_fused),
        trial("the_device_has_webgpu_s_default_limits", default_limits),
        trial("training_is_that_of_the_cpu", training_agrees),
        trial("training_with_everything_at_once_is_that_of_the_cpu", full_training_agrees),
        trial("logits_of_every_view_are_those_of_the_cpu", views_agree),
        trial("a_second_run_gives_the_same_bits", same_bits),
        trial("a_state_saved_within_an_epoch_goes_on_to_the_same_bits", resumed_bits),
        trial("models_trained_at_once_have_the_bits_of_each_alone", together_bits),
        trial("jobs_that_share_an_engine_have_the_bits_of_each_alone", shared_bits),
        trial("images_too_many_for_the_gpu_give_the_same_bits", gathered_bits),
        trial("a_state_goes_from_the_gpu_to_the_cpu_and_back", states_move),
        trial("a_state_of_another_shape_is_refused_and_changes_nothing", faults::wrong_state),
        trial("a_loss_that_is_no_number_names_its_model_and_step", faults::nan_is_found),
        trial("control_is_asked_and_obeyed", faults::control_is_obeyed),
        trial("a_panic_of_the_caller_s_control_leaves_the_engine_usable", faults::panics_pass),
        trial("a_destroyed_device_is_an_error", faults::destroyed),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn images() -> Arc<Split> {
    let mut draw = Sequence::new(3, Stream::Split, [9, 9]);
    let labels = (0..N).map(|_| (draw.word() % CLASSES as u32) as u8).collect();
    let pixels = (0..N * SIDE * SIDE).map(|_| (draw.word() >> 24) as u8).collect();
    Arc::new(Split { pixels, labels, height: SIDE, width: SIDE })
}

fn model(hidden: &[usize]) -> MlpConfig {
    MlpConfig { inputs: SIDE * SIDE, hidden: hidden.to_vec(), outputs: CLASSES, dropout: 0.2, ..Default::default() }
}

/// A model of several layers with all that a model can have.
fn rich_model() -> MlpConfig {
    let (activation, normalization) = (Activation::Gelu, Normalization::Layer);
    MlpConfig { activation, normalization, ..model(&[33, 20]) }
}

fn augmentation() -> Augmentation {
    Augmentation {
        rotation: 10.0,
        scale: 0.1,
        shear: 0.1,
        shift: 1.0,
        mirror: 0.5,
        elastic: 0.5,
        elastic_sigma: 3.0,
        thickness: 0.3,
        erase: 0.3,
        erase_size: 0.4,
    }
}

fn spec(model: &MlpConfig, seeds: &[u32], data: DeviceData) -> EngineSpec {
    let parameters = seeds.iter().map(|&seed| initialise(model, seed)).collect();
    let optimizer = OptimizerSpec { weight_decay: 1e-4, ..Default::default() };
    EngineSpec { optimizer, ..EngineSpec::new(model.clone(), parameters, data) }
}

/// With all that a specification can ask for.
fn full_spec(model: &MlpConfig, seeds: &[u32], data: DeviceData) -> EngineSpec {
    let (label_smoothing, ema_decay, clip_norm) = (0.1, Some(0.9), Some(0.5));
    EngineSpec { label_smoothing, ema_decay, clip_norm, ..spec(model, seeds, data) }
}

fn engine_of(device: &Device, model: &MlpConfig, seeds: &[u32], full: bool) -> (Box<dyn Engine>, DeviceData) {
    let data = DeviceData::upload(images(), CLASSES, device).unwrap();
    let spec = if full { full_spec } else { spec }(model, seeds, data.clone());
    (build(Some(EngineKind::Fused), device, spec).unwrap(), data)
}

fn plan(seed: u32, epoch: u32) -> EpochPlan {
    let rates = (0..STEPS).map(|step| 1e-2 / (1.0 + step as f32)).collect();
    EpochPlan::new(epoch, seed, BATCH, shuffle(seed, Stream::Shuffle, epoch, N), rates)
}

fn full_plan(seed: u32, epoch: u32) -> EpochPlan {
    let mut draw = Sequence::new(seed, Stream::Split, [8, 8]);
    let probabilities = (0..N).flat_map(|_| {
        let row: Vec<f32> = (0..CLASSES).map(|_| (draw.word() >> 8) as f32).collect();
        let total: f32 = row.iter().sum();
        row.into_iter().map(move |q| q / total)
    });
    EpochPlan {
        augmentation: Some(augmentation()),
        mixup: (0..STEPS).map(|step| 0.6 + 0.05 * step as f32).collect(),
        teacher: Some(Teacher { probabilities: Arc::new(probabilities.collect()), weight: 0.5, temperature: 2.0 }),
        ..plan(seed, epoch)
    }
}

/// Losses of epochs, and the state after them.
fn trained(device: &Device, model: &MlpConfig, full: bool, epochs: u32) -> (Vec<f64>, TrainState) {
    let (mut engine, _) = engine_of(device, model, &[4], full);
    let plan = if full { full_plan } else { plan };
    let losses =
        (0..epochs).map(|epoch| engine.train(&[plan(4, epoch)], 0..STEPS, &mut ()).unwrap().totals[0].loss).collect();
    (losses, engine.state(0).unwrap())
}

fn dispatches() -> Result<(), Failed> {
    for (hidden, full, expected) in
        [(&[128][..], false, 3), (&[256, 128, 64], false, 3), (&[], false, 3), (&[256, 128, 64], true, 5)]
    {
        let (mut engine, _) = engine_of(gpu::shared(), &model(hidden), &[1], full);
        let plan = if full { full_plan(1, 0) } else { plan(1, 0) };
        engine.train(&[plan], 0..1, &mut ())?;
        assert_eq!(engine.info().dispatches_per_step, Some(expected), "{hidden:?}");
    }
    Ok(())
}

fn auto_takes_fused() -> Result<(), Failed> {
    let device = gpu::shared();
    assert_eq!(choose_engine(device, &Needs::new(&model(&[256, 128, 64]))), (EngineKind::Fused, None));
    let deep = Needs::new(&model(&[8; 9]));
    let large = Needs { image: [100, 100], mixed: true, ..Needs::new(&MlpConfig { inputs: 10_000, ..model(&[8]) }) };
    let residual = Needs::new(&MlpConfig { residual: true, ..model(&[16, 16]) });
    for (needs, word) in [(deep, "hidden layers"), (large, "smaller images"), (residual, "residual connections")] {
        let error = fude_engine::require_support(EngineKind::Fused, device, &needs).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    Ok(())
}

fn default_limits() -> Result<(), Failed> {
    let Device::Gpu(gpu) = gpu::shared() else { return Err("no GPU".into()) };
    assert!(gpu.has_default_limits());
    Ok(())
}

fn training_agrees() -> Result<(), Failed> {
    let large = MlpConfig { activation: Activation::Tanh, ..model(&[1000, 40]) };
    for model in [model(&[]), model(&[16]), model(&[33, 20, 9]), rich_model(), large] {
        let ((losses, state), (expected, cpu)) =
            (trained(gpu::shared(), &model, false, 2), trained(&Device::cpu(), &model, false, 2));
        assert_losses(&model.shape(), &losses, &expected, 1e-4);
        assert_eq!(state.scalars["adam.step"], cpu.scalars["adam.step"]);
        assert_eq!(state.scalars["epoch.samples"], N as f64);
        close(&state, &cpu, "parameters", 1e-3)?;
    }
    Ok(())
}

fn full_training_agrees() -> Result<(), Failed> {
    for model in [model(&[33]), rich_model()] {
        let ((losses, state), (expected, cpu)) =
            (trained(gpu::shared(), &model, true, 2), trained(&Device::cpu(), &model, true, 2));
        assert_losses(&model.shape(), &losses, &expected, 1e-4);
        close(&state, &cpu, "parameters", 1e-3)?;
        close(&state, &cpu, "ema", 1e-3)?;
    }
    Ok(())
}

fn assert_losses(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    for (a, b) in got.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs(), "{what}: losses {got:?}, on the CPU {expected:?}");
    }
}

/// Adam divides by the root of tiny second moments: rounding grows to a share of the learning rate.
fn close(got: &TrainState, expected: &TrainState, name: &str, tolerance: f32) -> Result<(), Failed> {
    let (got, expected) = (&got.tensors[name].values, &expected.tensors[name].values);
    assert_eq!(got.len(), expected.len());
    for (index, (a, b)) in got.iter().zip(expected).enumerate() {
        if (a - b).abs() > tolerance * (1.0 + b.abs()) {
            return Err(format!("{name}[{index}]: got {a}, expected {b}").into());
        }
    }
    Ok(())
}

fn views_agree() -> Result<(), Failed> {
    let ranges = augmentation();
    let deformed = Some(Deformed { augmentation: &ranges, seed: 5, epoch: 6 });
    for model in [model(&[]), rich_model(), model(&[1500, 30])] {
        let (_, state) = trained(&Device::cpu(), &model, true, 1);
        let logits = |device: &Device, view| {
            let (mut engine, data) = engine_of(device, &model, &[1], true);
            engine.load_state(0, &state).unwrap();
            engine.logits(0, &data, view).unwrap().values
        };
        for view in [View::PLAIN, View::EMA, View { weights: Weights::Current, deformed }] {
            let (got, expected) = (logits(gpu::shared(), view), logits(&Device::cpu(), view));
            assert_eq!(got.len(), N * CLASSES);
            for (index, (a, b)) in got.iter().zip(&expected).enumerate() {
                assert!((a - b).abs() < 2e-4 * (1.0 + b.abs()), "{view:?} logit {index}: got {a}, expected {b}");
            }
        }
    }
    Ok(())
}

fn same_bits() -> Result<(), Failed> {
    for full in [false, true] {
        assert!(
            trained(gpu::shared(), &rich_model(), full, 2) == trained(gpu::shared(), &rich_model(), full, 2),
            "full: {full}"
        );
    }
    Ok(())
}

/// Returns to the caller after so many questions.
struct ReturnAfter(u32);

impl Control for ReturnAfter {
    fn boundary(&mut self, _step: u32) -> Flow {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 { Flow::Return } else { Flow::Continue }
    }
}

fn resumed_bits() -> Result<(), Failed> {
    let plans = [full_plan(4, 0)];
    let (_, expected) = trained(gpu::shared(), &rich_model(), true, 1);
    let (mut first, _) = engine_of(gpu::shared(), &rich_model(), &[4], true);
    let progressed = first.train(&plans, 0..STEPS, &mut ReturnAfter(1))?;
    assert!((1..STEPS).contains(&progressed.steps_done), "{progressed:?}");
    assert_eq!(progressed.totals[0].samples, u64::from(progressed.steps_done * BATCH));
    let saved = first.state(0)?;
    let (mut second, _) = engine_of(gpu::shared(), &rich_model(), &[8], true);
    second.load_state(0, &saved)?;
    second.train(&plans, progressed.steps_done..STEPS, &mut ())?;
    assert!(second.state(0)? == expected, "other bits after going on from step {}", progressed.steps_done);
    Ok(())
}

fn together_bits() -> Result<(), Failed> {
    let seeds = [4, 9, 2];
    for (model, full) in [(rich_model(), true), (model(&[40]), false), (model(&[700, 300]), false)] {
        let of = |seed: u32| if full { full_plan(seed, 0) } else { plan(seed, 0) };
        let run = |seeds: &[u32]| -> Vec<TrainState> {
            let (mut engine, _) = engine_of(gpu::shared(), &model, seeds, full);
            let plans: Vec<_> = seeds.iter().map(|&seed| of(seed)).collect();
            engine.train(&plans, 0..STEPS, &mut ()).unwrap();
            (0..seeds.len()).map(|model| engine.state(model).unwrap()).collect()
        };
        let alone: Vec<_> = seeds.iter().flat_map(|&seed| run(&[seed])).collect();
        assert!(run(&seeds) == alone, "{}", model.shape());
    }
    Ok(())
}

fn shared_bits() -> Result<(), Failed> {
    let (device, shared) = (gpu::shared(), SharedEngine::default());
    let (model, images) = (rich_model(), images());
    // Of one of them there are more epochs than of the others.
    let jobs = [(4, 1), (9, 2), (2, 1)];
    let alone = jobs.map(|(seed, epochs)| {
        let (mut engine, _) = engine_of(device, &model, &[seed], true);
        (0..epochs).for_each(|epoch| drop(engine.train(&[full_plan(seed, epoch)], 0..STEPS, &mut ()).unwrap()));
        engine.state(0).unwrap()
    });
    let run = |seat: Seat, (seed, epochs): (u32, u32)| {
        let data = seat.upload(&images, CLASSES, device).unwrap();
        let mut engine = seat.engine(device, full_spec(&model, &[seed], data), &Needs::new(&model)).unwrap();
        (0..epochs).for_each(|epoch| drop(engine.train(&[full_plan(seed, epoch)], 0..STEPS, &mut ()).unwrap()));
        engine.state(0).unwrap()
    };
    let (run, seats) = (&run, jobs.map(|_| shared.seat()));
    let states: Vec<TrainState> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            seats.into_iter().zip(jobs).map(|(seat, job)| scope.spawn(move || run(seat, job))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(states == alone);
    Ok(())
}

fn gathered_bits() -> Result<(), Failed> {
    let device = gpu::open();
    if let Device::Gpu(gpu) = &device {
        gpu.limit_images(1000);
    }
    let views = |device: &Device| {
        let (mut engine, data) = engine_of(device, &rich_model(), &[4], true);
        engine.logits(0, &data, View::PLAIN).unwrap()
    };
    for full in [false, true] {
        assert!(
            trained(&device, &rich_model(), full, 1) == trained(gpu::shared(), &rich_model(), full, 1),
            "full: {full}"
        );
    }
    assert_eq!(views(&device), views(gpu::shared()));
    Ok(())
}

fn states_move() -> Result<(), Failed> {
    let (mut on_gpu, _) = engine_of(gpu::shared(), &rich_model(), &[4], true);
    on_gpu.train(&[full_plan(4, 0)], 0..3, &mut ())?;
    let state = on_gpu.state(0)?;
    let (mut on_cpu, _) = engine_of(&Device::cpu(), &rich_model(), &[1], true);
    on_cpu.load_state(0, &state)?;
    assert!(on_cpu.state(0)? == state);
    on_gpu.load_state(0, &state)?;
    assert!(on_gpu.state(0)? == state);
    Ok(())
}
