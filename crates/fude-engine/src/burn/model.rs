//! The MLP as Burn tensors.

use super::read;
use crate::masks::dropout_mask;
use crate::{EngineError, Teacher};
use burn::tensor::activation::{gelu, log_softmax, relu, tanh};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor, TensorData};
use fude_model::{Activation, InputScale, Layout, MlpConfig, Normalization, Parameters};

/// The layers, tracked by autodiff.
pub(super) struct Model {
    pub(super) layers: Vec<Layer>,
    layout: Layout,
    config: MlpConfig,
}

/// `y = x W + b`, `W: [inputs, outputs]`.
pub(super) struct Layer {
    pub(super) weight: Tensor<2>,
    pub(super) bias: Tensor<1>,
}

impl Model {
    pub(super) fn new(config: &MlpConfig, parameters: &Parameters, device: &Device) -> Self {
        let layout = parameters.layout.clone();
        let layers = layers(&layout, &parameters.values, device);
        Self { layers, layout, config: config.clone() }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn input_scale(&self) -> InputScale {
        self.config.input
    }

    pub(super) fn inputs(&self) -> usize {
        self.layout.layers[0].inputs
    }

    pub(super) fn outputs(&self) -> usize {
        self.layout.layers[self.layout.layers.len() - 1].outputs
    }

    /// Logits `[B, O]` of images `[B, I]` with dropout, its masks drawn from Philox as every engine does.
    pub(super) fn forward_training(&self, images: Tensor<2>, seed: u32, epoch: u32, step: u32) -> Tensor<2> {
        let mut x = images;
        for (index, layer) in self.layers.iter().enumerate() {
            let input = self.config.adds_input(index).then(|| x.clone());
            x = linear(x, layer.weight.clone(), Some(layer.bias.clone()));
            if index + 1 < self.layers.len() {
                x = self.activate(self.normalise(x));
                if self.config.dropout > 0.0 {
                    let [rows, units] = x.dims();
                    let mask = dropout_mask(seed, epoch, step, index as u32, rows * units, self.config.dropout);
                    x = x.clone() * Tensor::from_data(TensorData::new(mask, [rows, units]), &x.device());
                }
            }
            x = plus(x, input);
        }
        x
    }

    /// Logits `[N, O]` of inputs `[N, I]`, dropout off, outside autodiff.
    pub(super) fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let inner = self.layers.iter().map(|layer| (layer.weight.clone().inner(), layer.bias.clone().inner()));
        self.forward_with(inner, inputs)
    }

    /// The same with other weights and biases.
    pub(super) fn forward_with(
        &self,
        layers: impl Iterator<Item = (Tensor<2>, Tensor<1>)>,
        inputs: Tensor<2>,
    ) -> Tensor<2> {
        let mut x = inputs;
        for (index, (weight, bias)) in layers.enumerate() {
            let input = self.config.adds_input(index).then(|| x.clone());
            x = linear(x, weight, Some(bias));
            if index + 1 < self.layers.len() {
                x = self.activate(self.normalise(x));
            }
            x = plus(x, input);
        }
        x
    }

    /// Mean cross-entropy of logits `[B, O]` against targets `[B, O]`: `-sum(t * log softmax(z)) / B`.
    pub(super) fn loss(&self, logits: Tensor<2>, targets: &[f32]) -> Tensor<1> {
        let [rows, classes] = logits.dims();
        let targets = Tensor::<2>::from_data(TensorData::new(targets.to_vec(), [rows, classes]), &logits.device());
        (log_softmax(logits, 1) * targets).sum().mul_scalar(-1.0 / rows as f64)
    }

    /// `w T^2 CE(q, softmax(z / T))`, the mean over the batch, of logits `[B, O]` against probabilities q `[B, O]`.
    pub(super) fn teacher_loss(&self, logits: Tensor<2>, targets: &[f32], teacher: &Teacher) -> Tensor<1> {
        let temperature = f64::from(teacher.temperature);
        let loss = self.loss(logits.div_scalar(temperature), targets);
        loss.mul_scalar(f64::from(teacher.weight) * temperature * temperature)
    }

    fn normalise(&self, z: Tensor<2>) -> Tensor<2> {
        match self.config.normalization {
            Normalization::None => z,
            Normalization::Layer => {
                let centred = z.clone() - z.mean_dim(1);
                let variance = (centred.clone() * centred.clone()).mean_dim(1);
                centred / variance.add_scalar(Normalization::EPSILON).sqrt()
            }
        }
    }

    fn activate(&self, x: Tensor<2>) -> Tensor<2> {
        match self.config.activation {
            Activation::Relu => relu(x),
            Activation::Gelu => gelu(x),
            Activation::Tanh => tanh(x),
        }
    }

    /// The parameters `[P]` in the model's layout.
    pub(super) fn parameters(&self) -> Result<Vec<f32>, EngineError> {
        let mut values = Vec::with_capacity(self.layout.parameters());
        for layer in &self.layers {
            values.extend(read(layer.weight.clone().inner())?);
            values.extend(read(layer.bias.clone().inner())?);
        }
        Ok(values)
    }

    pub(super) fn load(&mut self, values: &[f32], device: &Device) {
        self.layers = layers(&self.layout, values, device);
    }
}

/// A residual connection, where there is one.
fn plus(x: Tensor<2>, input: Option<Tensor<2>>) -> Tensor<2> {
    match input {
        Some(input) => input + x,
        None => x,
    }
}

fn layers(layout: &Layout, values: &[f32], device: &Device) -> Vec<Layer> {
    layout
        .layers
        .iter()
        .map(|layer| {
            let weight = TensorData::new(values[layer.weight()].to_vec(), [layer.inputs, layer.outputs]);
            let bias = TensorData::new(values[layer.bias()].to_vec(), [layer.outputs]);
            Layer {
                weight: Tensor::from_data(weight, device).require_grad(),
                bias: Tensor::from_data(bias, device).require_grad(),
            }
        })
        .collect()
}
