//! The MLP as Burn tensors.

use super::read;
use crate::EngineError;
use crate::masks::dropout_mask;
use burn::tensor::activation::{gelu, log_softmax, relu, tanh};
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor, TensorData};
use fude_model::{Activation, Layout, MlpConfig, Parameters};

/// The layers, tracked by autodiff.
pub(super) struct Model {
    pub(super) layers: Vec<Layer>,
    layout: Layout,
    activation: Activation,
    dropout: f64,
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
        Self { layers, layout, activation: config.activation, dropout: config.dropout }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
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
            x = linear(x, layer.weight.clone(), Some(layer.bias.clone()));
            if index + 1 < self.layers.len() {
                x = self.activate(x);
                if self.dropout > 0.0 {
                    let [rows, units] = x.dims();
                    let mask = dropout_mask(seed, epoch, step, index as u32, rows * units, self.dropout);
                    x = x.clone() * Tensor::from_data(TensorData::new(mask, [rows, units]), &x.device());
                }
            }
        }
        x
    }

    /// Logits `[N, O]` of images `[N, I]`, dropout off, outside autodiff.
    pub(super) fn forward(&self, images: Tensor<2>) -> Tensor<2> {
        let mut x = images;
        for (index, layer) in self.layers.iter().enumerate() {
            x = linear(x, layer.weight.clone().inner(), Some(layer.bias.clone().inner()));
            if index + 1 < self.layers.len() {
                x = self.activate(x);
            }
        }
        x
    }

    /// Mean cross-entropy of logits `[B, O]` against targets `[B, O]`: `-sum(t * log softmax(z)) / B`.
    pub(super) fn loss(&self, logits: Tensor<2>, targets: &[f32]) -> Tensor<1> {
        let [rows, classes] = logits.dims();
        let targets = Tensor::<2>::from_data(TensorData::new(targets.to_vec(), [rows, classes]), &logits.device());
        (log_softmax(logits, 1) * targets).sum().mul_scalar(-1.0 / rows as f64)
    }

    fn activate(&self, x: Tensor<2>) -> Tensor<2> {
        match self.activation {
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
