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
            add_input(model, index, &mut output, &row);
            row = output;
        }
    }
    let share = |awake: &Vec<bool>| awake.iter().filter(|&&awake| !awake).count() as f64 / awake.len().max(1) as f64;
    awake.iter().map(share).collect()
}

/// The residual connection of a layer that has one.
fn add_input(model: &MlpConfig, layer: usize, output: &mut [f32], input: &[f32]) {
    if model.adds_input(layer) {
        output.iter_mut().zip(input).for_each(|(output, input)| *output += input);
    }
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

    /// This pass through the hidden layers is one more beside the engines': it must not drift away from theirs.
    #[test]
    fn hidden_layers_are_those_that_the_engine_has() {
        let plain = MlpConfig { inputs: 6, hidden: vec![9, 9, 9], outputs: 4, ..Default::default() };
        let normalized = MlpConfig { normalization: Normalization::Layer, ..plain.clone() };
        let residual = MlpConfig { residual: true, ..normalized.clone() };
        let images = Split { pixels: (0..30).map(|i| i * 8).collect(), labels: vec![0; 5], height: 2, width: 3 };
        for model in [plain, normalized, residual] {
            let parameters = fude_model::initialise(&model, 3);
            let device = fude_engine::Device::cpu();
            let data = fude_engine::DeviceData::upload(images.clone().into(), 4, &device).unwrap();
            let spec = fude_engine::EngineSpec::new(model.clone(), vec![parameters.clone()], data.clone());
            let view = fude_engine::View { weights: fude_engine::Weights::Current, deformed: None };
            let logits = fude_engine::build(None, &device, spec).unwrap().logits(0, &data, view).unwrap();
            for (index, expected) in logits.values.chunks_exact(4).enumerate() {
                let got = logits_of(&model, &parameters.values, images.image(index));
                let near = got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4);
                assert!(near, "{model:?}: {got:?}, the engine has {expected:?}");
            }
        }
    }

    /// The last layer's weighted sums over what [`forward`] makes of an image.
    fn logits_of(model: &MlpConfig, parameters: &[f32], image: &[u8]) -> Vec<f32> {
        let (layout, (factor, term)) = (model.layout(), model.input.of_bytes());
        let (last, hidden) = layout.layers.split_last().unwrap();
        let mut row: Vec<f32> = image.iter().map(|&byte| f32::from(byte) * factor + term).collect();
        for (index, layer) in hidden.iter().enumerate() {
            let mut output = forward(layer, parameters, &row, model.normalization);
            add_input(model, index, &mut output, &row);
            row = output;
        }
        let weights = &parameters[last.weight()];
        let sum = |o: usize| row.iter().enumerate().map(|(k, x)| x * weights[k * last.outputs + o]).sum::<f32>();
        parameters[last.bias()].iter().enumerate().map(|(o, bias)| bias + sum(o)).collect()
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
