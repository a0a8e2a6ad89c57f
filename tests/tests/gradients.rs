//! Burn's gradients against finite differences of a slow, obvious f64 loss.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_data::kana;
use fude_engine::{Device, DeviceData, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, TrainState, build};
use fude_model::{Layout, MlpConfig, Parameters, initialise};
use fude_random::{Sequence, Stream, drop_threshold, keep};
use std::sync::Arc;

const IMAGES: usize = 8;
const SEED: u32 = 5;

/// The mean loss of the first step's batch, dropout active, in f64 and without a library.
struct Reference {
    config: MlpConfig,
    layout: Layout,
    images: Vec<f64>,
    labels: Vec<u8>,
}

impl Reference {
    fn loss(&self, parameters: &[f64]) -> f64 {
        let total: f64 = (0..IMAGES).map(|row| self.row_loss(parameters, row)).sum();
        total / IMAGES as f64
    }

    fn row_loss(&self, parameters: &[f64], row: usize) -> f64 {
        let mut x = self.images[row * self.config.inputs..][..self.config.inputs].to_vec();
        for (index, layer) in self.layout.layers.iter().enumerate() {
            let (weight, bias) = (&parameters[layer.weight()], &parameters[layer.bias()]);
            let product = |unit: usize| (0..layer.inputs).map(|i| x[i] * weight[i * layer.outputs + unit]).sum::<f64>();
            let mut y: Vec<f64> = (0..layer.outputs).map(|unit| product(unit) + bias[unit]).collect();
            if index + 1 < self.layout.layers.len() {
                for (unit, value) in y.iter_mut().enumerate() {
                    let input = if self.config.adds_input(index) { x[unit] } else { 0.0 };
                    *value = value.max(0.0) * self.mask(index, row * layer.outputs + unit) + input;
                }
            }
            x = y;
        }
        let sum: f64 = x.iter().map(|z| z.exp()).sum();
        sum.ln() - x[usize::from(self.labels[row])]
    }

    fn mask(&self, layer: usize, element: usize) -> f64 {
        let words = Stream::Dropout.block(SEED, [0, 0, layer as u32, element as u32 / 4]);
        let kept = keep(words[element % 4], drop_threshold(self.config.dropout));
        if kept { 1.0 / (1.0 - self.config.dropout) } else { 0.0 }
    }
}

/// The gradient of the first step, read off Adam's first moment: `m = (1 - beta1) * g` after one step from zero.
fn burn_gradient(config: &MlpConfig, parameters: &Parameters, data: &fude_data::Split) -> Vec<f32> {
    let device = Device::cpu();
    let images = DeviceData::upload(Arc::new(data.clone()), config.outputs, &device).unwrap();
    let optimizer = OptimizerSpec { beta1: 0.5, ..Default::default() };
    let spec = EngineSpec { optimizer, ..EngineSpec::new(config.clone(), vec![parameters.clone()], images) };
    let mut engine = build(Some(EngineKind::Burn), &device, spec).unwrap();
    let plan = EpochPlan::new(0, SEED, IMAGES as u32, (0..IMAGES as u32).collect(), vec![1e-3]);
    engine.train(&[plan], 0..1, &mut ()).unwrap();
    let state = engine.state(0).unwrap();
    state.tensors[TrainState::FIRST_MOMENT].values.iter().map(|m| m / 0.5).collect()
}

fn check(hidden: &[usize], residual: bool) {
    let config = MlpConfig { hidden: hidden.to_vec(), residual, dropout: 0.2, ..Default::default() };
    let data = kana::generate(0, IMAGES, 0).train;
    let parameters = initialise(&config, SEED);
    let gradient = burn_gradient(&config, &parameters, &data);
    let reference = Reference {
        layout: config.layout(),
        images: data.pixels.iter().map(|&pixel| f64::from(pixel) / 255.0).collect(),
        labels: data.labels.clone(),
        config,
    };
    let values: Vec<f64> = parameters.values.iter().map(|&value| f64::from(value)).collect();
    single_parameters(&reference, &values, &gradient);
    random_directions(&reference, &values, &gradient);
}

/// Forty parameters of each layer, weights and biases, one by one.
fn single_parameters(reference: &Reference, values: &[f64], gradient: &[f32]) {
    let mut draw = Sequence::new(1, Stream::Split, [0, 0]);
    for layer in &reference.layout.layers {
        for range in [layer.weight(), layer.bias()] {
            for _ in 0..20 {
                let index = range.start + draw.word() as usize % range.len();
                let mut direction = vec![0.0; values.len()];
                direction[index] = 1.0;
                let expected = difference(reference, values, &direction);
                let got = f64::from(gradient[index]);
                // f32 rounding of sums over a batch and a layer, and of the f32 the gradient is stored in.
                let tolerance = 1e-6 + 1e-4 * expected.abs();
                assert!(
                    (got - expected).abs() < tolerance,
                    "{} parameter {index}: {got}, expected {expected}",
                    layer.name
                );
            }
        }
    }
}

/// Directions that touch every parameter: no part of the gradient can be wrong unseen.
fn random_directions(reference: &Reference, values: &[f64], gradient: &[f32]) {
    for number in 0..5 {
        let mut draw = Sequence::new(2, Stream::Split, [number, 0]);
        let direction: Vec<f64> = values.iter().map(|_| f64::from(draw.bell())).collect();
        let expected = difference(reference, values, &direction);
        let got: f64 = gradient.iter().zip(&direction).map(|(&g, d)| f64::from(g) * d).sum();
        let tolerance = 1e-4 * (1.0 + expected.abs());
        assert!((got - expected).abs() < tolerance, "direction {number}: {got}, expected {expected}");
    }
}

/// The central difference of the loss along a direction. The step is small enough that no unit changes its side of
/// zero by chance, and the f64 loss still has ten digits of it.
fn difference(reference: &Reference, values: &[f64], direction: &[f64]) -> f64 {
    const STEP: f64 = 1e-7;
    let moved = |sign: f64| values.iter().zip(direction).map(|(v, d)| v + sign * STEP * d).collect::<Vec<f64>>();
    (reference.loss(&moved(1.0)) - reference.loss(&moved(-1.0))) / (2.0 * STEP)
}

#[test]
fn burns_gradient_of_experiment_1_equals_finite_differences() {
    check(&[128], false);
}

#[test]
fn burns_gradient_of_experiment_3_equals_finite_differences() {
    check(&[256, 128, 64], false);
}

#[test]
fn burns_gradient_with_residual_connections_equals_finite_differences() {
    check(&[64, 64, 64, 32], true);
}
