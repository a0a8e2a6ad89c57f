//! An exponential moving average of a model's parameters.

use super::model::{Layer, Model};
use super::read;
use crate::EngineError;
use burn::tensor::{Device, Tensor, TensorData};
use fude_model::{Layout, Parameters};

/// `e += (1 - decay) (w - e)` after each step, outside autodiff.
pub(super) struct Average {
    decay: f32,
    layers: Vec<(Tensor<2>, Tensor<1>)>,
    device: Device,
}

impl Average {
    /// An average that begins at the parameters.
    pub(super) fn new(decay: f32, parameters: &Parameters, device: &Device) -> Self {
        let mut average = Self { decay, layers: Vec::new(), device: device.clone() };
        average.load(&parameters.values, &parameters.layout);
        average
    }

    /// Takes a step's new parameters into account.
    pub(super) fn follow(&mut self, model: &Model) {
        let share = 1.0 - f64::from(self.decay);
        for ((weight, bias), Layer { weight: w, bias: b }) in self.layers.iter_mut().zip(&model.layers) {
            *weight = weight.clone() + (w.clone().inner() - weight.clone()).mul_scalar(share);
            *bias = bias.clone() + (b.clone().inner() - bias.clone()).mul_scalar(share);
        }
    }

    /// Weight and bias of each layer.
    pub(super) fn layers(&self) -> impl Iterator<Item = (Tensor<2>, Tensor<1>)> + '_ {
        self.layers.iter().cloned()
    }

    /// The average `[P]` in the model's layout.
    pub(super) fn values(&self) -> Result<Vec<f32>, EngineError> {
        let mut values = Vec::new();
        for (weight, bias) in self.layers() {
            values.extend(read(weight)?);
            values.extend(read(bias)?);
        }
        Ok(values)
    }

    /// Takes an average `[P]`.
    pub(super) fn load(&mut self, values: &[f32], layout: &Layout) {
        let layer = |layer: &fude_model::Layer| {
            let weight = TensorData::new(values[layer.weight()].to_vec(), [layer.inputs, layer.outputs]);
            let bias = TensorData::new(values[layer.bias()].to_vec(), [layer.outputs]);
            (Tensor::from_data(weight, &self.device), Tensor::from_data(bias, &self.device))
        };
        self.layers = layout.layers.iter().map(layer).collect();
    }
}
