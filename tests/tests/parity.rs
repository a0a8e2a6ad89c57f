//! The fused engine against Burn's autodiff on the CPU: the same plan, the same Philox masks, the same numbers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_data::Split;
use fude_engine::{Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, View, build};
use fude_model::{Activation, MlpConfig, initialise};
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
        }
    }

    fn engine(&self, kind: EngineKind) -> Box<dyn Engine> {
        let device = Device::cpu();
        let images = DeviceData::upload(self.images.clone(), CLASSES, &device).unwrap();
        let spec = EngineSpec {
            optimizer: self.optimizer.clone(),
            label_smoothing: self.smoothing,
            ..EngineSpec::new(self.model.clone(), vec![initialise(&self.model, 3)], images)
        };
        build(Some(kind), &device, spec).unwrap()
    }

    fn plan(&self, epoch: u32) -> [EpochPlan; 1] {
        let permutation = shuffle(3, Stream::Shuffle, epoch, self.images.len());
        let steps = permutation.len().div_ceil(self.batch as usize);
        [EpochPlan::new(epoch, 3, self.batch, permutation, vec![1e-3; steps])]
    }

    fn name(&self) -> String {
        let (model, n) = (&self.model, self.images.len());
        format!("{} {} with {n} images in batches of {}", model.shape(), model.activation.name(), self.batch)
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
fn twenty_steps_with_a_small_last_batch_stay_with_burn() {
    let case = Case::new(784, &[128, 64], 150, 16);
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
