//! What must hold on a GPU. Without an adapter these tests are shown as ignored, never as passed; where
//! `FUDE_REQUIRE_GPU_TESTS` is set, as in CI, a missing adapter fails them. A software adapter (llvmpipe) counts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_data::Split;
use fude_engine::{
    Adapter, Device, DeviceData, DeviceOptions, DeviceRequest, Engine, EngineError, EngineKind, EngineSpec, EpochPlan,
    OptimizerSpec, View, adapters, build, choose_device,
};
use fude_model::{MlpConfig, initialise};
use fude_random::{Sequence, Stream};
use fude_tests::gpu;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

/// Images whose pixels do not fill the last packed word.
const SIDE: usize = 5;
const N: usize = 45;
const CLASSES: usize = 3;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ignored = gpu::is_missing();
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test).with_ignored_flag(ignored);
    let trials = vec![
        trial("a_software_adapter_is_taken_only_where_it_is_allowed", software_needs_permission),
        trial("images_packed_on_the_gpu_give_the_logits_of_the_cpu", logits_agree),
        trial("burn_trains_on_the_gpu_as_on_the_cpu", training_agrees),
        trial("a_state_goes_from_the_gpu_to_the_cpu_and_back", states_move),
        trial("a_loss_that_is_no_number_is_found_on_the_gpu_with_its_step", nan_is_found),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn images() -> Arc<Split> {
    let mut draw = Sequence::new(3, Stream::Split, [9, 9]);
    let labels: Vec<u8> = (0..N).map(|index| (index % CLASSES) as u8).collect();
    let pixels = (0..N * SIDE * SIDE).map(|_| (draw.word() >> 24) as u8).collect();
    Arc::new(Split { pixels, labels, height: SIDE, width: SIDE })
}

fn engine(device: &Device) -> (Box<dyn Engine>, DeviceData) {
    let model =
        MlpConfig { inputs: SIDE * SIDE, hidden: vec![16], outputs: CLASSES, dropout: 0.2, ..Default::default() };
    let train = DeviceData::upload(images(), CLASSES, device).unwrap();
    let parameters = vec![initialise(&model, 1)];
    let optimizer = OptimizerSpec { weight_decay: 1e-5, ..Default::default() };
    let spec = EngineSpec { optimizer, ..EngineSpec::new(model, parameters, train.clone()) };
    (build(Some(EngineKind::Burn), device, spec).unwrap(), train)
}

/// Three steps, the last of them small.
fn plan(epoch: u32, learning_rate: f32) -> [EpochPlan; 1] {
    let permutation = fude_random::shuffle(1, Stream::Shuffle, epoch, N);
    [EpochPlan::new(epoch, 1, 16, permutation, vec![learning_rate; 3])]
}

fn software_needs_permission() -> Result<(), Failed> {
    let only_software = |adapters: &[Adapter]| adapters.iter().all(|a| a.kind == fude_engine::AdapterKind::Software);
    if !only_software(&adapters()) {
        return Ok(());
    }
    let choice = choose_device(&DeviceOptions { request: DeviceRequest::Gpu, ..Default::default() })?;
    assert_eq!(choice.device.kind(), fude_engine::DeviceKind::Cpu);
    let warning = choice.warning.expect("a warning");
    assert!(warning.contains("--allow-software"), "{warning}");
    Ok(())
}

fn logits_agree() -> Result<(), Failed> {
    let logits = |device: &Device| {
        let (mut engine, images) = engine(device);
        engine.logits(0, &images, View::PLAIN).unwrap().values
    };
    assert_close(&logits(gpu::shared()), &logits(&Device::cpu()), 1e-5);
    Ok(())
}

fn training_agrees() -> Result<(), Failed> {
    let run = |device: &Device| {
        let (mut engine, _) = engine(device);
        let totals: Vec<f64> =
            (0..3).map(|epoch| engine.train(&plan(epoch, 1e-2), 0..3, &mut ()).unwrap().totals[0].loss).collect();
        (totals, engine.state(0).unwrap())
    };
    let ((gpu_losses, gpu_state), (cpu_losses, cpu_state)) = (run(gpu::shared()), run(&Device::cpu()));
    for (a, b) in gpu_losses.iter().zip(&cpu_losses) {
        assert!((a - b).abs() < 1e-4 * b.abs(), "losses {gpu_losses:?} on the GPU, {cpu_losses:?} on the CPU");
    }
    // Adam divides by the root of tiny second moments: rounding grows to a small share of the learning rate.
    assert_close(&gpu_state.tensors["parameters"].values, &cpu_state.tensors["parameters"].values, 2e-4);
    assert_eq!(gpu_state.scalars["adam.step"], 9.0);
    Ok(())
}

fn states_move() -> Result<(), Failed> {
    let (mut on_gpu, _) = engine(gpu::shared());
    on_gpu.train(&plan(0, 1e-2), 0..3, &mut ())?;
    let state = on_gpu.state(0)?;
    let (mut on_cpu, _) = engine(&Device::cpu());
    on_cpu.load_state(0, &state)?;
    assert_eq!(on_cpu.state(0)?, state);
    on_gpu.load_state(0, &state)?;
    assert_eq!(on_gpu.state(0)?, state);
    Ok(())
}

fn nan_is_found() -> Result<(), Failed> {
    let (mut engine, _) = engine(gpu::shared());
    let [mut plan] = plan(0, 1e-2);
    plan.learning_rate[1] = f32::INFINITY;
    let error = engine.train(&[plan], 0..3, &mut ()).expect_err("an error");
    assert!(matches!(error, EngineError::NonFinite { epoch: 1, step: 3, .. }), "{error}");
    Ok(())
}

fn assert_close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (index, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "value {index}: got {a}, expected {b}");
    }
}
