//! Burn's Adam and AdamW, with states that can be saved under fude's names.

use super::model::Model;
use super::read;
use crate::{EngineError, OptimizerSpec, TrainState};
use burn::optim::Optimizer as BurnOptimizer;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{Adam, AdamConfig, AdamState, AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use fude_model::Layout;

/// The update rule with the moments of each layer.
pub(super) struct Optimizer {
    rule: Rule,
    moments: Vec<Moments>,
}

enum Rule {
    Adam(Adam),
    AdamW(AdamW),
}

/// Moments of one layer; none before the first step.
#[derive(Default)]
struct Moments {
    weight: Option<AdaptiveMomentumState<2>>,
    bias: Option<AdaptiveMomentumState<1>>,
}

impl Optimizer {
    pub(super) fn new(spec: &OptimizerSpec, layers: usize) -> Self {
        let rule = if spec.decoupled {
            let config = AdamWConfig::new()
                .with_beta_1(spec.beta1)
                .with_beta_2(spec.beta2)
                .with_epsilon(spec.epsilon)
                .with_weight_decay(spec.weight_decay);
            Rule::AdamW(config.build())
        } else {
            let decay = (spec.weight_decay > 0.0).then(|| WeightDecayConfig::new(spec.weight_decay));
            let config = AdamConfig::new()
                .with_beta_1(spec.beta1)
                .with_beta_2(spec.beta2)
                .with_epsilon(spec.epsilon)
                .with_weight_decay(decay);
            Rule::Adam(config.build())
        };
        Self { rule, moments: (0..layers).map(|_| Moments::default()).collect() }
    }

    /// Updates every parameter of the model from its gradient.
    pub(super) fn step(&mut self, model: &mut Model, gradients: &mut Gradients, learning_rate: f32) {
        let lr = f64::from(learning_rate);
        for (layer, moments) in model.layers.iter_mut().zip(&mut self.moments) {
            update(&self.rule, lr, &mut layer.weight, gradients, &mut moments.weight);
            update(&self.rule, lr, &mut layer.bias, gradients, &mut moments.bias);
        }
    }

    /// Adds the moments to a state, `[P]` each; zeros before the first step.
    pub(super) fn save(&self, state: &mut TrainState, layout: &Layout) -> Result<(), EngineError> {
        let (mut first, mut second) = (Vec::with_capacity(layout.parameters()), Vec::new());
        let mut steps = 0;
        for (layer, moments) in layout.layers.iter().zip(&self.moments) {
            if let (Some(weight), Some(bias)) = (&moments.weight, &moments.bias) {
                steps = weight.time;
                first.extend(read(weight.moment_1.clone())?);
                first.extend(read(bias.moment_1.clone())?);
                second.extend(read(weight.moment_2.clone())?);
                second.extend(read(bias.moment_2.clone())?);
            } else {
                first.resize(first.len() + layer.parameters(), 0.0);
                second.resize(second.len() + layer.parameters(), 0.0);
            }
        }
        state.put(TrainState::FIRST_MOMENT, first);
        state.put(TrainState::SECOND_MOMENT, second);
        state.scalars.insert(TrainState::ADAM_STEP.into(), steps as f64);
        Ok(())
    }

    /// Takes the moments from a state.
    pub(super) fn load(&mut self, state: &TrainState, layout: &Layout, device: &Device) -> Result<(), EngineError> {
        let first = state.vector(TrainState::FIRST_MOMENT, layout.parameters())?;
        let second = state.vector(TrainState::SECOND_MOMENT, layout.parameters())?;
        let time = state.scalar(TrainState::ADAM_STEP) as usize;
        for (layer, moments) in layout.layers.iter().zip(&mut self.moments) {
            *moments = Moments::default();
            if time > 0 {
                let shape = [layer.inputs, layer.outputs];
                let both = |range: std::ops::Range<usize>| (&first[range.clone()], &second[range]);
                moments.weight = Some(momentum(both(layer.weight()), shape, time, device));
                moments.bias = Some(momentum(both(layer.bias()), [layer.outputs], time, device));
            }
        }
        Ok(())
    }
}

fn momentum<const D: usize>(
    (first, second): (&[f32], &[f32]),
    shape: [usize; D],
    time: usize,
    device: &Device,
) -> AdaptiveMomentumState<D> {
    let tensor = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), shape), device);
    AdaptiveMomentumState::new(time, tensor(first), tensor(second))
}

/// One tensor's update; a parameter that the loss does not depend on stays.
fn update<const D: usize>(
    rule: &Rule,
    learning_rate: f64,
    parameter: &mut Tensor<D>,
    gradients: &mut Gradients,
    moments: &mut Option<AdaptiveMomentumState<D>>,
) {
    let Some(gradient) = parameter.grad_remove(gradients) else { return };
    let value = parameter.clone().inner();
    let value = match rule {
        Rule::Adam(adam) => {
            let (value, state) = adam.step(learning_rate, value, gradient, moments.take().map(AdamState::new));
            *moments = state.map(|state| state.momentum);
            value
        }
        Rule::AdamW(adamw) => {
            let state = moments.take().map(|momentum| AdamWState { momentum });
            let (value, state) = adamw.step(learning_rate, value, gradient, state);
            *moments = state.map(|state| state.momentum);
            value
        }
    };
    *parameter = Tensor::from_inner(value).require_grad();
}
