//! Whole steps against the twins' step in f64.

use super::*;
use crate::{Engine, EngineError, TrainState, View};
use fude_kernels::adam::{Moments, Rule};
use fude_kernels::{dropout, loss, reference};
use fude_model::Normalization;

/// The twins' training: f64 throughout, nothing clever.
struct Slow {
    config: MlpConfig,
    parameters: Vec<Moments>,
    time: i32,
}

impl Slow {
    fn new(config: &MlpConfig, seed: u32) -> Self {
        let moments = |w: f32| Moments { w: f64::from(w), m: 0.0, v: 0.0 };
        let parameters = initialise(config, seed).values.into_iter().map(moments).collect();
        Self { config: config.clone(), parameters, time: 0 }
    }

    /// The batch's summed loss.
    fn step(&mut self, split: &Split, plan: &EpochPlan, step: u32) -> f64 {
        let rows = plan.rows(step);
        let images: Vec<f64> =
            rows.iter().flat_map(|&row| split.image(row as usize)).map(|&byte| f64::from(byte) / 255.0).collect();
        let labels: Vec<u8> = rows.iter().map(|&row| split.labels[row as usize]).collect();
        let targets = loss::targets(&labels, 10, f64::from(0.1f32));
        let (p, epoch) = (self.config.dropout, plan.epoch);
        let draw = |(h, layer): (&usize, u32)| dropout::mask(plan.seed, epoch, step, layer, rows.len() * h, p);
        let masks: Vec<_> = self.config.hidden.iter().zip(0..).map(draw).collect();
        let w: Vec<f64> = self.parameters.iter().map(|moments| moments.w).collect();
        let (loss, gradient) = reference::gradients(&self.config, &w, &images, &targets, &masks);
        self.time += 1;
        let rule = Rule {
            learning_rate: f64::from(plan.learning_rate[step as usize]),
            beta1: f64::from(0.9f32),
            beta2: f64::from(0.999f32),
            epsilon: f64::from(1e-8f32),
            weight_decay: f64::from(1e-3f32),
            decoupled: false,
        };
        for (moments, g) in self.parameters.iter_mut().zip(gradient) {
            *moments = fude_kernels::adam::step(&rule, *moments, g, self.time);
        }
        loss * rows.len() as f64
    }
}

fn networks() -> Vec<MlpConfig> {
    vec![
        model(35, &[], Activation::Relu, 0.0),
        model(35, &[17], Activation::Relu, 0.2),
        model(35, &[33, 15, 2], Activation::Gelu, 0.2),
        model(35, &[1, 16, 7, 40, 5, 6, 7, 8], Activation::Tanh, 0.0),
        MlpConfig { normalization: Normalization::Layer, ..model(35, &[33, 20], Activation::Gelu, 0.2) },
        MlpConfig { residual: true, ..model(35, &[17, 17], Activation::Relu, 0.0) },
        residual(),
    ]
}

/// Connections one after the other, a layer without one between, and one at the end.
fn residual() -> MlpConfig {
    let normalization = Normalization::Layer;
    MlpConfig { normalization, residual: true, ..model(35, &[33, 33, 33, 20, 16, 16], Activation::Gelu, 0.2) }
}

#[test]
fn the_first_step_s_moments_are_the_twins() {
    let images = Arc::new(split(40, 7, 5, 10));
    let plan = plan(2, 40, 17);
    for config in networks() {
        let mut slow = Slow::new(&config, 6);
        slow.step(&images, &plan, 0);
        for level in Level::available() {
            let mut engine = engine(2, level, spec(&config, &images, &[6]));
            engine.train(std::slice::from_ref(&plan), 0..1, &mut ()).unwrap();
            let state = engine.state(0).unwrap();
            let length = slow.parameters.len();
            let (m, v): (Vec<f64>, Vec<f64>) = slow.parameters.iter().map(|x| (x.m, x.v)).unzip();
            let what = format!("{level:?} {}", config.shape());
            // Gradients of a mean loss at these sizes are of order 0.1: 1e-7 of it is f32's rounding. Those that came along
            // residual connections are several times as large.
            let tolerance = |i: usize| if config.residual { 3e-8 + 2e-6 * m[i].abs() } else { 3e-8 };
            assert_close(&what, state.vector(TrainState::FIRST_MOMENT, length).unwrap(), &m, tolerance);
            assert_close(&what, state.vector(TrainState::SECOND_MOMENT, length).unwrap(), &v, |i| 1e-4 * v[i] + 1e-12);
        }
    }
}

#[test]
fn twenty_steps_lose_what_the_twins_lose() {
    let images = Arc::new(split(167, 7, 5, 10));
    let plan = plan(3, 167, 8);
    assert_eq!(plan.rows(20).len(), 7, "the last batch is smaller");
    for config in networks() {
        let mut slow = Slow::new(&config, 1);
        let mut engine = engine(2, Level::best(), spec(&config, &images, &[1]));
        let mut before = 0.0;
        for step in 0..plan.steps() {
            let expected = slow.step(&images, &plan, step);
            let total = engine.train(std::slice::from_ref(&plan), step..step + 1, &mut ()).unwrap().totals[0].loss;
            let got = total - before;
            before = total;
            assert!((got / expected - 1.0).abs() < 1e-4, "{} step {step}: {got}, {expected}", config.shape());
        }
    }
}

#[test]
fn logits_are_the_twins_for_any_number_of_images() {
    let plain = model(35, &[33, 15], Activation::Gelu, 0.5);
    let cases = [0, 1, 63, 64, 65, 200].map(|n| (plain.clone(), n));
    for (config, n) in cases.into_iter().chain([(residual(), 65)]) {
        let parameters = wide(&initialise(&config, 1).values);
        let images = Arc::new(split(n, 7, 5, 10));
        let pixels: Vec<f64> = images.pixels.iter().map(|&byte| f64::from(byte) / 255.0).collect();
        let expected = reference::logits(&config, &parameters, &pixels, &[]);
        let mut engine = engine(2, Level::best(), spec(&config, &images, &[1]));
        let data = engine.train.clone();
        let logits = engine.logits(0, &data, View::PLAIN).unwrap();
        assert_close(&format!("{n} images"), &logits.values, &expected, |_| 1e-5);
    }
}

#[test]
fn a_loss_that_is_no_number_names_its_step() {
    let images = Arc::new(split(64, 7, 5, 10));
    let config = model(35, &[16], Activation::Relu, 0.0);
    for (threads, seeds) in [(2, &[1][..]), (1, &[1, 2, 3])] {
        let mut plans: Vec<_> = seeds.iter().map(|&seed| plan(seed, 64, 8)).collect();
        // The weights that step 3 makes are infinite: step 4 sees it, the fifth from 1.
        plans[seeds.len() - 1].learning_rate[3] = f32::INFINITY;
        let mut engine = engine(threads, Level::best(), spec(&config, &images, seeds));
        let error = engine.train(&plans, 0..8, &mut ()).unwrap_err();
        let EngineError::NonFinite { model, epoch, step, loss } = error else { panic!("{error}") };
        assert_eq!((model, epoch, step), (seeds.len() - 1, 1, 5));
        assert!(!loss.is_finite());
    }
}

#[test]
fn the_average_of_the_weights_follows_them_and_can_be_looked_at() {
    let images = Arc::new(split(64, 7, 5, 10));
    let config = model(35, &[16], Activation::Relu, 0.0);
    let plan = plan(1, 64, 8);
    let spec = EngineSpec { ema_decay: Some(0.75), ..spec(&config, &images, &[2]) };
    let mut engine = engine(2, Level::best(), spec);
    let data = engine.train.clone();
    let mut average = wide(&initialise(&config, 2).values);
    for step in 0..4 {
        engine.train(std::slice::from_ref(&plan), step..step + 1, &mut ()).unwrap();
        let state = engine.state(0).unwrap();
        let w = state.vector(TrainState::PARAMETERS, average.len()).unwrap();
        average.iter_mut().zip(w).for_each(|(average, &w)| *average += 0.25 * (f64::from(w) - *average));
        let got = state.vector(TrainState::EMA, average.len()).unwrap();
        assert_close("average", got, &average, |i| 1e-6 * average[i].abs() + 1e-8);
    }
    let pixels: Vec<f64> = images.pixels.iter().map(|&byte| f64::from(byte) / 255.0).collect();
    let expected = reference::logits(&config, &average, &pixels, &[]);
    assert_close("logits", &engine.logits(0, &data, View::EMA).unwrap().values, &expected, |_| 1e-5);
    // A state brings its average along.
    let state = engine.state(0).unwrap();
    engine.train(std::slice::from_ref(&plan), 4..8, &mut ()).unwrap();
    engine.load_state(0, &state).unwrap();
    assert_eq!(engine.state(0).unwrap(), state);
}

#[test]
fn a_clipped_gradient_has_the_norm_that_is_allowed_and_keeps_its_direction() {
    let images = Arc::new(split(40, 7, 5, 10));
    let (plan, config) = (plan(2, 40, 17), model(35, &[33, 15], Activation::Gelu, 0.2));
    let moments = |clip_norm| {
        let optimizer = OptimizerSpec { weight_decay: 0.0, ..adam() };
        let spec = EngineSpec { clip_norm, optimizer, ..spec(&config, &images, &[6]) };
        let mut engine = engine(2, Level::best(), spec);
        engine.train(std::slice::from_ref(&plan), 0..1, &mut ()).unwrap();
        engine.state(0).unwrap().tensors.remove(TrainState::FIRST_MOMENT).unwrap().values
    };
    let norm = |m: &[f32]| wide(m).iter().map(|m| (m / 0.1).powi(2)).sum::<f64>().sqrt();
    let free = moments(None);
    let (whole, loose) = (norm(&free), moments(Some(100.0)));
    assert!(whole < 100.0 && loose == free, "a norm below the limit changes no bit");
    let clipped = moments(Some((whole / 3.0) as f32));
    let expected: Vec<f64> = wide(&free).iter().map(|m| m / 3.0).collect();
    assert_close("m", &clipped, &expected, |i| 1e-5 * expected[i].abs() + 1e-12);
}
