//! Ten epochs of the study's first experiment on 8,000 images of KMNIST with five seeds: the engines' loss curves lie on
//! each other, and they reach the same accuracy. Without the images, or for a GPU without an adapter, this is shown as
//! ignored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_engine::{Device, DeviceData, EngineKind, View, build};
use fude_model::initialise;
use fude_record::{Experiment, Spread, evaluate};
use fude_tests::gpu;
use fude_train::{Prepared, engine_spec, epoch_plan, fit_to_data, prepare};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

const EPOCHS: u32 = 10;
const SEEDS: u32 = 5;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let no_images = !folder().is_dir();
    let no_gpu = gpu::is_missing();
    let trials = vec![
        Trial::test("fused_on_the_cpu_learns_as_burn_does", || as_burn(&Device::cpu())).with_ignored_flag(no_images),
        Trial::test("fused_on_a_gpu_learns_as_burn_does", || as_burn(gpu::shared()))
            .with_ignored_flag(no_images || no_gpu),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("FUDE_TEST_DATA").map_or(beside, PathBuf::from).join("kmnist")
}

/// What training came to.
struct Learned {
    /// Mean training loss of each epoch, by seed: `[SEEDS][EPOCHS]`.
    losses: Vec<Vec<f64>>,
    /// Test accuracy, by seed.
    accuracies: Vec<f64>,
}

fn as_burn(device: &Device) -> Result<(), Failed> {
    let (expected, got) = (burn(), learn(EngineKind::Fused, device));
    for (seed, (got, expected)) in got.losses.iter().zip(&expected.losses).enumerate() {
        let is_close = got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 0.01 * b);
        assert!(is_close, "seed {seed}: losses {got:?}, expected {expected:?}");
    }
    let [got, expected] = [&got, expected].map(|learned| Spread::of(&learned.accuracies).unwrap());
    let variance = |spread: &Spread| spread.deviation.unwrap().powi(2) / f64::from(SEEDS);
    let error = (variance(&got) + variance(&expected)).sqrt();
    assert!((got.mean - expected.mean).abs() <= 2.0 * error, "accuracies {got:?}, expected {expected:?}");
    Ok(())
}

fn burn() -> &'static Learned {
    static BURN: OnceLock<Learned> = OnceLock::new();
    BURN.get_or_init(|| learn(EngineKind::Burn, &Device::cpu()))
}

/// Trains all seeds at once.
fn learn(kind: EngineKind, device: &Device) -> Learned {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/e1-l2.toml");
    let mut experiment = Experiment::load(&file, &[]).unwrap();
    experiment.dataset = folder().display().to_string();
    let data: Prepared = prepare(&experiment).unwrap();
    fit_to_data(&mut experiment, &data);
    let of_seed = |seed| {
        let mut experiment = experiment.clone();
        experiment.train.seed = seed;
        experiment
    };
    let train = DeviceData::upload(data.train.clone(), data.outputs(), device).unwrap();
    let parameters = (0..SEEDS).map(|seed| initialise(&experiment.model, seed)).collect();
    let mut engine = build(Some(kind), device, engine_spec(&experiment, parameters, train)).unwrap();
    let mut losses = vec![Vec::new(); SEEDS as usize];
    for epoch in 0..EPOCHS {
        let plans: Vec<_> = (0..SEEDS).map(|seed| epoch_plan(&of_seed(seed), epoch, data.train.len())).collect();
        let totals = engine.train(&plans, 0..plans[0].steps(), &mut ()).unwrap().totals;
        losses.iter_mut().zip(totals).for_each(|(losses, sums)| losses.push(sums.loss / sums.samples as f64));
    }
    let test = data.test.clone().unwrap();
    let on_device = DeviceData::upload(test.clone(), data.outputs(), device).unwrap();
    let accuracy = |seed| {
        let logits = engine.logits(seed, &on_device, View::PLAIN).unwrap();
        evaluate(&logits.values, &test.labels, logits.classes).accuracy
    };
    Learned { losses, accuracies: (0..SEEDS as usize).map(accuracy).collect() }
}
