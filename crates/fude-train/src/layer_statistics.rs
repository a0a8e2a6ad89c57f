//! How the layers fare: norms of weights, updates and gradients, and units that no image wakes.

use fude_data::Split;
use fude_engine::TrainState;
use fude_model::{Activation, Layer, MlpConfig, Normalization};
use fude_record::LayerRecord;

/// Images that units are looked at with. A unit that wakes for one image in a hundred is missed with a probability of 0.6 %.
const IMAGES: usize = 500;

/// The record of each layer, first to last. `before` are the parameters at the epoch's beginning, where they are known.
pub(crate) fn layer_records(
    model: &MlpConfig,
    state: &TrainState,
    before: Option<&[f32]>,
    images: &Split,
) -> Vec<LayerRecord> {
    let layout = model.layout();
    let values = |name: &str| state.vector(name, layout.parameters()).ok();
    let Some(parameters) = values(TrainState::PARAMETERS) else { return Vec::new() };
    let moment = values(TrainState::FIRST_MOMENT);
    let mut dead = dead_units(model, parameters, images).into_iter();
    let record = |layer: &Layer| {
        let all = layer.weight().start..layer.bias().end;
        let norm_of = |values: &[f32]| norm(values[all.clone()].iter().map(|&v| f64::from(v)));
        let change = |before: &[f32]| {
            norm(parameters[all.clone()].iter().zip(&before[all.clone()]).map(|(a, b)| f64::from(*a) - f64::from(*b)))
        };
        LayerRecord {
            layer: layer.name.clone(),
            weight_norm: norm_of(parameters),
            update_norm: before.map(change),
            gradient_norm: moment.map(norm_of),
            dead_units: dead.next(),
        }
    };
    layout.layers.iter().map(record).collect()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// For each hidden layer the share of units that are 0 for each of the first [`IMAGES`] images; nothing for activations
/// that are never quite 0.
fn dead_units(model: &MlpConfig, parameters: &[f32], images: &Split) -> Vec<f64> {
    let count = images.len().min(IMAGES);
    if model.activation != Activation::Relu || count == 0 {
        return Vec::new();
    }
    let layout = model.layout();
    let hidden = &layout.layers[..layout.layers.len() - 1];
    let mut awake: Vec<Vec<bool>> = hidden.iter().map(|layer| vec![false; layer.outputs]).collect();
    let (factor, term) = model.input.of_bytes();
    for index in 0..count {
        let mut row: Vec<f32> = images.image(index).iter().map(|&byte| f32::from(byte) * factor + term).collect();
        for (index, (layer, awake)) in hidden.iter().zip(&mut awake).enumerate() {
            let mut output = forward(layer, parameters, &row, model.normalization);
            output.iter().zip(awake).for_each(|(&value, awake)| *awake |= value > 0.0);
            // A unit that only hands its input on makes nothing of its own: it counts as dead.
            if model.adds_input(index) {
                output.iter_mut().zip(&row).for_each(|(output, input)| *output += input);
            }
            row = output;
        }
    }
    let share = |awake: &Vec<bool>| awake.iter().filter(|&&awake| !awake).count() as f64 / awake.len().max(1) as f64;
    awake.iter().map(share).collect()
}

/// `relu(normalised(x W + b))` of one row: row by row of W, which the compiler turns into vectors; inputs that are 0, half
/// of an image and of a hidden layer, cost nothing.
fn forward(layer: &Layer, parameters: &[f32], input: &[f32], normalization: Normalization) -> Vec<f32> {
    let mut output = parameters[layer.bias()].to_vec();
    for (&x, weights) in input.iter().zip(parameters[layer.weight()].chunks_exact(layer.outputs.max(1))) {
        if x != 0.0 {
            output.iter_mut().zip(weights).for_each(|(output, weight)| *output += x * weight);
        }
    }
    // Of layer normalisation only the sign of `z - mean` decides whether a unit is awake; the scale is the row's own.
    if normalization == Normalization::Layer {
        let n = output.len().max(1) as f32;
        let mean = output.iter().sum::<f32>() / n;
        let variance = output.iter().map(|z| (z - mean).powi(2)).sum::<f32>() / n;
        let scale = 1.0 / (variance + Normalization::EPSILON).sqrt();
        output.iter_mut().for_each(|z| *z = (*z - mean) * scale);
    }
    output.iter_mut().for_each(|z| *z = z.max(0.0));
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2-3-2: unit 0 is awake, unit 1 has a bias far below 0, unit 2 wakes for the second image alone.
    fn example() -> (MlpConfig, TrainState, Split) {
        let model = MlpConfig { inputs: 2, hidden: vec![3], outputs: 2, ..Default::default() };
        let mut state = TrainState::new();
        let first = [1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 0.1, -9.0, 0.0];
        let second = [3.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        state.put(TrainState::PARAMETERS, [first.as_slice(), second.as_slice()].concat());
        state.put(TrainState::FIRST_MOMENT, vec![0.5; 17]);
        (model, state, Split { pixels: vec![255, 0, 0, 255], labels: vec![0, 1], height: 1, width: 2 })
    }

    #[test]
    fn norms_are_those_of_weights_and_biases_together() {
        let (model, state, images) = example();
        let before = vec![0.0; 17];
        let records = layer_records(&model, &state, Some(&before), &images);
        assert_eq!(records.iter().map(|r| r.layer.as_str()).collect::<Vec<_>>(), ["fc1", "fc2"]);
        assert_eq!((records[1].weight_norm, records[1].update_norm), (5.0, Some(5.0)));
        assert_eq!(records[1].gradient_norm, Some(0.5 * 8f64.sqrt()));
        assert_eq!(layer_records(&model, &state, None, &images)[0].update_norm, None);
    }

    #[test]
    fn a_unit_that_no_image_wakes_is_dead() {
        let (model, state, images) = example();
        let dead = |model: &MlpConfig| layer_records(model, &state, None, &images)[0].dead_units;
        assert_eq!(dead(&model), Some(1.0 / 3.0));
        assert_eq!(dead(&MlpConfig { activation: Activation::Tanh, ..model.clone() }), None);
        let normalized = MlpConfig { normalization: Normalization::Layer, ..model };
        assert_eq!(dead(&normalized), Some(1.0 / 3.0), "-9 is below every mean");
    }
}
