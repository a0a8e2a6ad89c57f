//! The fused engine against Burn's autodiff on the CPU: the same plan, the same Philox masks, the same numbers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_data::Split;
use fude_engine::{
    Augmentation, Deformed, Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, Teacher,
    View, Weights, build,
};
use fude_model::{Activation, InputScale, MlpConfig, Normalization, initialise};
use fude_random::{Sequence, Stream, shuffle};
use std::sync::Arc;

const CLASSES: usize = 10;

/// A model with the data it is trained on.
struct Case {
    model: MlpConfig,
    images: Arc<Split>,
    batch: u32,
    optimizer: OptimizerSpec,
    smoothing: f32,
    ema_decay: Option<f32>,
    clip_norm: Option<f32>,
    augmentation: Option<Augmentation>,
    mixup: Option<f32>,
    teacher: Option<Teacher>,
}

impl Case {
    fn new(inputs: usize, hidden: &[usize], n: usize, batch: u32) -> Self {
        let mut draw = Sequence::new(7, Stream::Split, [inputs as u32, n as u32]);
        let pixels = (0..n * inputs).map(|_| (draw.word() >> 24) as u8).collect();
        let labels = (0..n).map(|_| (draw.word() % CLASSES as u32) as u8).collect();
        Self {
            model: MlpConfig { inputs, hidden: hidden.to_vec(), outputs: CLASSES, dropout: 0.2, ..Default::default() },
            images: Arc::new(Split { pixels, labels, height: 1, width: inputs }),
            batch,
            optimizer: OptimizerSpec { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-5, decoupled: false },
            smoothing: 0.0,
            ema_decay: None,
            clip_norm: None,
            augmentation: None,
            mixup: None,
            teacher: None,
        }
    }

    fn engine(&self, kind: EngineKind) -> Box<dyn Engine> {
        let device = Device::cpu();
        let images = DeviceData::upload(self.images.clone(), CLASSES, &device).unwrap();
        let spec = EngineSpec {
            optimizer: self.optimizer.clone(),
            label_smoothing: self.smoothing,
            ema_decay: self.ema_decay,
            clip_norm: self.clip_norm,
            ..EngineSpec::new(self.model.clone(), vec![initialise(&self.model, 3)], images)
        };
        build(Some(kind), &device, spec).unwrap()
    }

    fn plan(&self, epoch: u32) -> [EpochPlan; 1] {
        let permutation = shuffle(3, Stream::Shuffle, epoch, self.images.len());
        let steps = permutation.len().div_ceil(self.batch as usize);
        [EpochPlan {
            augmentation: self.augmentation.clone(),
            mixup: self.mixup.map_or_else(Vec::new, |own| vec![own; steps]),
            teacher: self.teacher.clone(),
            ..EpochPlan::new(epoch, 3, self.batch, permutation, vec![1e-3; steps])
        }]
    }

    fn name(&self) -> String {
        let Self { model, batch, mixup, clip_norm, .. } = self;
        let (shape, activation, norm) = (model.shape(), model.activation.name(), model.normalization.name());
        let residual = model.residual;
        let n = self.images.len();
        let deformed = self.augmentation.is_some();
        format!(
            "{shape} {activation}, normalisation {norm}, residual {residual}, {n} images in batches of {batch}, mixup {mixup:?}, \
             clipping {clip_norm:?}, deformed {deformed}"
        )
    }
}

/// One step: loss, and the gradient as Adam's first moment holds it, `m = (1 - beta1) * (g + decay * w)`.
fn first_steps_agree(case: &Case) {
    let run = |kind| {
        let mut engine = case.engine(kind);
        let loss = engine.train(&case.plan(0), 0..1, &mut ()).unwrap().totals[0].loss;
        (loss, engine.state(0).unwrap())
    };
    let ((expected_loss, expected), (loss, state)) = (run(EngineKind::Burn), run(EngineKind::Fused));
    assert!((loss - expected_loss).abs() <= 1e-5 * expected_loss, "{}: loss {loss}, {expected_loss}", case.name());
    let (m, expected_m) = (&state.tensors["adam.m"].values, &expected.tensors["adam.m"].values);
    let largest = expected_m.iter().fold(0.0f32, |largest, m| largest.max(m.abs()));
    for (index, (a, b)) in m.iter().zip(expected_m).enumerate() {
        // Sums of up to 1000 terms in another order; a gradient is compared to the layer's largest beside its own size.
        let tolerance = 2e-5 * b.abs() + 2e-6 * largest;
        assert!((a - b).abs() <= tolerance, "{}: moment {index}: {a}, expected {b}", case.name());
    }
}

#[test]
fn one_step_equals_burns_over_odd_shapes() {
    for width in [1, 2, 15, 16, 17, 127, 128, 129] {
        first_steps_agree(&Case::new(784, &[width], 33, 16));
    }
    for inputs in [1, 2, 15, 17, 129, 1000] {
        first_steps_agree(&Case::new(inputs, &[16, 9], 20, 20));
    }
    first_steps_agree(&Case::new(784, &[], 20, 7));
    first_steps_agree(&Case::new(784, &[256, 128, 64], 130, 129));
    first_steps_agree(&Case::new(30, &[8; 8], 5, 1));
}

#[test]
fn one_step_equals_burns_with_every_activation_smoothing_and_decoupled_decay() {
    for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
        for (smoothing, decoupled) in [(0.0, false), (0.1, true)] {
            let mut case = Case::new(100, &[33, 17], 64, 32);
            case.model.activation = activation;
            case.smoothing = smoothing;
            case.optimizer = OptimizerSpec { decoupled, weight_decay: 1e-2, ..case.optimizer };
            first_steps_agree(&case);
        }
    }
}

#[test]
fn one_step_equals_burns_with_everything_that_training_knows() {
    let with = |change: fn(&mut Case)| {
        let mut case = Case::new(784, &[33, 17], 40, 16);
        case.images = Arc::new(Split { height: 28, width: 28, ..Split::clone(&case.images) });
        // No kink at zero, which rounding could put a unit on the other side of.
        case.model.activation = Activation::Gelu;
        change(&mut case);
        first_steps_agree(&case);
    };
    with(|case| case.model.normalization = Normalization::Layer);
    with(|case| (case.model.hidden, case.model.residual) = (vec![33, 33, 33, 17, 17], true));
    with(|case| case.model.input = InputScale { mean: 0.3, std: 0.4 });
    with(|case| case.mixup = Some(0.7));
    with(|case| case.clip_norm = Some(0.1));
    with(|case| case.augmentation = Some(deformations()));
    with(|case| {
        let probabilities =
            Arc::new((0..40 * CLASSES).map(|i| if i % 10 == i / 10 % 10 { 0.55 } else { 0.05 }).collect());
        case.teacher = Some(Teacher { probabilities, weight: 0.6, temperature: 3.0 });
    });
    with(|case| {
        case.model.normalization = Normalization::Layer;
        (case.model.hidden, case.model.residual) = (vec![33, 17, 17, 17], true);
        (case.augmentation, case.mixup) = (Some(deformations()), Some(0.8));
        (case.clip_norm, case.smoothing) = (Some(0.5), 0.1);
    });
}

fn deformations() -> Augmentation {
    Augmentation { rotation: 15.0, shift: 2.0, elastic: 1.0, elastic_sigma: 4.0, thickness: 0.5, ..Default::default() }
}

#[test]
fn averages_of_the_weights_agree_and_so_do_deformed_views_of_them() {
    let mut case = Case::new(784, &[20], 48, 16);
    case.images = Arc::new(Split { height: 28, width: 28, ..Split::clone(&case.images) });
    case.ema_decay = Some(0.8);
    let augmentation = deformations();
    let run = |kind| {
        let mut engine = case.engine(kind);
        engine.train(&case.plan(0), 0..3, &mut ()).unwrap();
        let images = DeviceData::upload(case.images.clone(), CLASSES, &Device::cpu()).unwrap();
        let deformed = Some(Deformed { augmentation: &augmentation, seed: 5, epoch: 2 });
        let logits = engine.logits(0, &images, View { weights: Weights::Ema, deformed }).unwrap();
        (engine.state(0).unwrap().tensors["ema"].values.clone(), logits.values)
    };
    let ((expected, expected_logits), (average, logits)) = (run(EngineKind::Burn), run(EngineKind::Fused));
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-5 * (1.0 + b.abs()));
    assert!(close(&average, &expected) && close(&logits, &expected_logits));
}

#[test]
fn twenty_steps_with_a_small_last_batch_stay_with_burn() {
    let plain = Case::new(784, &[128, 64], 150, 16);
    stay_together(&plain);
    let mut residual = Case::new(784, &[48, 48, 48], 150, 16);
    (residual.model.residual, residual.model.normalization) = (true, Normalization::Layer);
    stay_together(&residual);
}

fn stay_together(case: &Case) {
    let run = |kind| {
        let mut engine = case.engine(kind);
        let losses: Vec<f64> =
            (0..2).map(|epoch| engine.train(&case.plan(epoch), 0..10, &mut ()).unwrap().totals[0].loss).collect();
        let device = Device::cpu();
        let images = DeviceData::upload(case.images.clone(), CLASSES, &device).unwrap();
        (losses, engine.logits(0, &images, View::PLAIN).unwrap().values)
    };
    let ((expected, expected_logits), (losses, logits)) = (run(EngineKind::Burn), run(EngineKind::Fused));
    for (a, b) in losses.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-4 * b, "losses {losses:?}, expected {expected:?}");
    }
    for (index, (a, b)) in logits.iter().zip(&expected_logits).enumerate() {
        assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()), "logit {index}: {a}, expected {b}");
    }
}

#[test]
fn a_state_of_one_engine_goes_on_in_the_other() {
    let case = Case::new(50, &[20], 48, 16);
    let mut burn = case.engine(EngineKind::Burn);
    burn.train(&case.plan(0), 0..2, &mut ()).unwrap();
    let state = burn.state(0).unwrap();
    let mut fused = case.engine(EngineKind::Fused);
    fused.load_state(0, &state).unwrap();
    assert_eq!(fused.state(0).unwrap(), state);
    let (a, b) =
        (fused.train(&case.plan(0), 2..3, &mut ()).unwrap(), burn.train(&case.plan(0), 2..3, &mut ()).unwrap());
    assert_eq!((a.steps_done, a.totals[0].samples), (b.steps_done, b.totals[0].samples));
    assert!((a.totals[0].loss - b.totals[0].loss).abs() < 1e-5 * b.totals[0].loss);
}
