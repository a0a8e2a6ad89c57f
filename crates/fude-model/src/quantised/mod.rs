//! Models with int8 weights: a quarter of the bytes, and sums of whole numbers.

mod file;

pub use file::StoredModel;

use crate::{Layer, MlpConfig, ModelFile};
use std::collections::BTreeMap;

/// How a layer's inputs lie in bytes: `x = scale * (q - zero_point)`, q from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputRange {
    /// The step from one q to the next; over 0.
    pub scale: f32,
    /// The q that stands for 0.
    pub zero_point: u8,
}

impl InputRange {
    /// Bytes for values from `low` to `high`, widened to hold 0 exactly; what lies outside becomes the nearest end.
    pub fn covering(low: f32, high: f32) -> Self {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let scale = (high - low) / 255.0;
        if !(scale.is_finite() && scale > 0.0) {
            return Self { scale: 1.0, zero_point: 0 };
        }
        Self { scale, zero_point: (-low / scale).round().clamp(0.0, 255.0) as u8 }
    }
}

/// A linear layer with int8 weights.
///
/// `y[o] = bias[o] + input.scale * weight_scale[o] * sum over i of (q[i] - input.zero_point) * weight[o, i]`
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedLayer {
    /// I.
    pub inputs: usize,
    /// O.
    pub outputs: usize,
    /// `[O, I]` row by row, from -127 to 127.
    pub weight: Vec<i8>,
    /// A step of each output's weights, `[O]`, over 0.
    pub weight_scale: Vec<f32>,
    /// `[O]`. The first layer's hold what standardised pixels subtract, which is no whole number of bytes.
    pub bias: Vec<f32>,
    /// How its inputs lie in bytes.
    pub input: InputRange,
}

/// An MLP with int8 weights.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedModel {
    /// Its shape and activation.
    pub config: MlpConfig,
    /// L layers, first to last.
    pub layers: Vec<QuantisedLayer>,
    /// What its file says of it.
    pub metadata: BTreeMap<String, String>,
}

impl QuantisedLayer {
    /// Adds `term` to every input, by way of the biases.
    fn shift_inputs(&mut self, term: f32) {
        for (o, row) in self.weight.chunks_exact(self.inputs).enumerate() {
            let sum: f32 = row.iter().map(|&weight| f32::from(weight)).sum();
            self.bias[o] += term * self.weight_scale[o] * sum;
        }
    }
}

impl QuantisedModel {
    /// Rounds a model's weights: symmetric, a scale an output. `hidden` are the ranges of its hidden activations, one a
    /// hidden layer.
    ///
    /// # Panics
    /// Where there are not as many ranges as hidden layers.
    pub fn new(model: &ModelFile, hidden: &[InputRange]) -> Self {
        assert_eq!(hidden.len(), model.config.hidden.len(), "a range for each hidden layer");
        // Pixels are bytes already: nothing is lost.
        let (scale, term) = model.config.input.of_bytes();
        let inputs = [InputRange { scale, zero_point: 0 }].into_iter().chain(hidden.iter().copied());
        let layers = model.parameters.layout.layers.iter().enumerate().zip(inputs);
        let mut layers: Vec<_> = layers.map(|((index, layer), input)| quantised(model, index, layer, input)).collect();
        layers[0].shift_inputs(term);
        Self { config: model.config.clone(), layers, metadata: model.metadata.clone() }
    }

    /// P: weights and biases, without the scales.
    pub fn parameters(&self) -> usize {
        self.config.layout().parameters()
    }
}

fn quantised(model: &ModelFile, index: usize, layer: &Layer, input: InputRange) -> QuantisedLayer {
    let rows = crate::tensors::transposed(model.parameters.weight(index), layer.inputs, layer.outputs);
    let (mut weight, mut weight_scale) = (Vec::with_capacity(rows.len()), Vec::with_capacity(layer.outputs));
    for row in rows.chunks_exact(layer.inputs) {
        let largest = row.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        weight.extend(row.iter().map(|weight| (weight / scale).round().clamp(-127.0, 127.0) as i8));
        weight_scale.push(scale);
    }
    let bias = model.parameters.bias(index).to_vec();
    QuantisedLayer { inputs: layer.inputs, outputs: layer.outputs, weight, weight_scale, bias, input }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initialise;

    #[test]
    fn a_range_holds_zero_exactly_and_its_ends_nearly() {
        for (low, high) in [(0.0, 5.0), (-0.17, 3.0), (-1.0, 1.0), (0.5, 2.0), (-3.0, -1.0)] {
            let InputRange { scale, zero_point } = InputRange::covering(low, high);
            let value = |q: f32| scale * (q - f32::from(zero_point));
            assert!(value(0.0) <= low.min(0.0) + scale && value(255.0) >= high.max(0.0) - scale, "{low} to {high}");
        }
        for (low, high) in [(0.0, 0.0), (f32::NAN, f32::NAN), (0.0, f32::INFINITY)] {
            assert_eq!(InputRange::covering(low, high).scale, 1.0);
        }
    }

    #[test]
    fn weights_come_back_to_half_a_step_and_the_largest_of_each_output_exactly() {
        let config = MlpConfig { inputs: 6, hidden: vec![4], outputs: 3, ..Default::default() };
        let mut parameters = initialise(&config, 3);
        // An output whose weights are all zero.
        let zeros = parameters.layout.layers[0].weight();
        parameters.values[zeros].iter_mut().step_by(4).for_each(|weight| *weight = 0.0);
        let model = ModelFile { config, parameters, metadata: BTreeMap::new() };
        let quantised = QuantisedModel::new(&model, &[InputRange::covering(0.0, 1.0)]);
        for (index, layer) in quantised.layers.iter().enumerate() {
            for o in 0..layer.outputs {
                for i in 0..layer.inputs {
                    let exact = model.parameters.weight(index)[i * layer.outputs + o];
                    let found = f32::from(layer.weight[o * layer.inputs + i]) * layer.weight_scale[o];
                    assert!((found - exact).abs() <= 0.501 * layer.weight_scale[o], "{found} for {exact}");
                }
                let row = &layer.weight[o * layer.inputs..][..layer.inputs];
                let largest = row.iter().map(|weight| weight.unsigned_abs()).max();
                assert_eq!(largest, Some(if (index, o) == (0, 0) { 0 } else { 127 }));
            }
        }
    }
}
