//! Every shader against its twin over odd shapes. Without an adapter these tests are shown as ignored, never as passed;
//! where `FUDE_REQUIRE_GPU_TESTS` is set, as in CI, a missing adapter fails them. A software adapter (llvmpipe) counts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_engine::{CheckCase, OptimizerSpec, check_shaders};
use fude_model::{Activation, MlpConfig, Normalization};
use fude_tests::gpu;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;

/// What is odd about a size: one, a tile more or less, sizes that people use.
const SIZES: [usize; 10] = [1, 2, 15, 16, 17, 127, 128, 129, 784, 1000];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ignored = gpu::is_missing();
    let mut trials = vec![
        ("shared_functions_are_their_twins", Vec::new()),
        ("what_doctor_looks_at_is_right", CheckCase::usual()),
        ("models_trained_at_once_each_have_their_own_twin", together()),
        ("decoupled_decay_and_no_dropout_are_their_twins", plain()),
        ("whatever_a_step_does_beside_the_plain_is_its_twin", extras()),
        ("normalised_layers_of_any_size_are_their_twins", normalised()),
    ];
    trials.push(("a_hidden_layer_of_any_size_is_its_twin", SIZES.map(|h| CheckCase::new(33, &[h], 10, 33, 33)).into()));
    trials.push(("any_number_of_inputs_is_its_twin", SIZES.map(|i| CheckCase::new(i, &[17, 9], 3, 20, 20)).into()));
    trials.push(("any_number_of_rows_is_its_twin", rows()));
    trials.push(("any_number_of_classes_is_its_twin", classes()));
    trials.push(("layers_beside_each_other_of_any_size_are_their_twins", pairs()));
    let trials =
        trials.into_iter().map(|(name, cases)| Trial::test(name, move || check(&cases)).with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn check(cases: &[CheckCase]) -> Result<(), Failed> {
    let checks = check_shaders(gpu::shared(), cases)?;
    let wrong: Vec<String> =
        checks.iter().filter_map(|check| Some(format!("{}: {}", check.shader, check.mismatch.as_ref()?))).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn with(activation: Activation, case: CheckCase) -> CheckCase {
    CheckCase { model: MlpConfig { activation, ..case.model }, ..case }
}

fn rows() -> Vec<CheckCase> {
    let sizes = [1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129];
    let case = |rows: usize| with(Activation::Gelu, CheckCase::new(50, &[20, 12], 10, rows.max(33), rows));
    let mut cases: Vec<_> = sizes.map(case).into();
    cases.push(CheckCase::new(20, &[8], 4, 2048, 1000));
    cases
}

fn classes() -> Vec<CheckCase> {
    [2, 3, 4, 5, 49, 255, 256].map(|classes| with(Activation::Tanh, CheckCase::new(30, &[21], classes, 19, 18))).into()
}

/// Each size beside another, in the tail and before it.
fn pairs() -> Vec<CheckCase> {
    let activations = [Activation::Relu, Activation::Gelu, Activation::Tanh];
    let pair = |i: usize| {
        with(activations[i % 3], CheckCase::new(SIZES[(i + 5) % 10], &[SIZES[i], SIZES[(i + 3) % 10]], 10, 18, 17))
    };
    (0..10).map(pair).collect()
}

fn together() -> Vec<CheckCase> {
    let case = |models, hidden: &[usize]| CheckCase { models, ..CheckCase::new(30, hidden, 10, 21, 20) };
    vec![case(2, &[]), case(5, &[16]), case(32, &[9, 8]), case(3, &[1000, 300])]
}

fn plain() -> Vec<CheckCase> {
    let optimizer = OptimizerSpec { weight_decay: 1e-2, decoupled: true, ..Default::default() };
    let case = CheckCase::new(784, &[40, 30], 10, 16, 16);
    vec![CheckCase { model: MlpConfig { dropout: 0.0, ..case.model.clone() }, smoothing: 0.0, optimizer, ..case }]
}

/// Deformed and mixed images, a teacher, a clipped gradient, an average: each by itself, and all at once.
fn extras() -> Vec<CheckCase> {
    let plain = || CheckCase { image: [11, 7], ..CheckCase::new(77, &[20, 9], 10, 18, 17) };
    let full = || CheckCase::full(11, 7, &[20, 9]);
    let still = || fude_engine::Augmentation { elastic: 0.0, ..full().augmentation.unwrap() };
    vec![
        CheckCase { augmentation: full().augmentation, ..plain() },
        CheckCase { augmentation: Some(still()), ..plain() },
        CheckCase { mixed: Some(0.3), ..plain() },
        CheckCase { teacher: Some((1.0, 4.0)), ..plain() },
        CheckCase { clip_norm: Some(1e-3), ..plain() },
        CheckCase { clip_norm: Some(1e3), ..plain() },
        CheckCase { ema_decay: Some(0.9), ..plain() },
        full(),
        CheckCase { models: 3, ..full() },
        with(Activation::Gelu, CheckCase { models: 2, ..CheckCase::full(28, 28, &[700, 300]) }),
        standardised(CheckCase::full(28, 28, &[50])),
        standardised(CheckCase::new(13, &[50], 4, 8, 7)),
    ]
}

fn standardised(case: CheckCase) -> CheckCase {
    let input = fude_model::InputScale { mean: 0.19, std: 0.35 };
    CheckCase { model: MlpConfig { input, ..case.model }, ..case }
}

/// Normalised layers, in the tail and before it.
fn normalised() -> Vec<CheckCase> {
    let case = |hidden: &[usize], rows: usize| {
        let case = CheckCase::new(40, hidden, 10, rows, rows);
        CheckCase { model: MlpConfig { normalization: Normalization::Layer, ..case.model }, ..case }
    };
    let mut cases: Vec<_> = SIZES[1..].iter().map(|&units| with(Activation::Gelu, case(&[units], 9))).collect();
    cases.extend([case(&[128, 64], 130), case(&[1000, 500, 17], 5), case(&[3, 2], 1)]);
    cases.push(CheckCase { models: 3, ..case(&[600, 64, 32], 12) });
    cases
}
