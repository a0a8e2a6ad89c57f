//! Which values hidden activations take: what an int8 model must know of its data.

use crate::{EngineError, Predictor};
use fude_data::Split;
use fude_kernels::{activation, normalize};
use fude_model::{InputRange, MlpConfig, ModelFile, Normalization, Parameters, StoredModel};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How ranges are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Share of a hidden layer's values, in percent, that lies below its range's upper end, and above the lower one:
    /// over 50, to 100, which is the largest and smallest value.
    pub percentile: f64,
    /// The most images to look at, evenly taken.
    pub images: usize,
}

/// Values of a layer to look at: 64 MB as f32.
const MAX_VALUES: usize = 1 << 24;

/// The range of each hidden layer's activations on these images, which should be training images.
///
/// # Errors
/// Images of another size than the model's, or a model that no engine of this build takes.
pub fn calibrate(model: &ModelFile, images: &Split, how: Calibration) -> Result<Vec<InputRange>, EngineError> {
    let widest = model.config.hidden.iter().copied().max().unwrap_or(1);
    let count = how.images.min(MAX_VALUES / widest).clamp(1, images.len().max(1));
    let step = images.len().div_ceil(count).max(1);
    let chosen: Vec<u32> = (0..images.len() as u32).step_by(step).collect();
    let chosen = Arc::new(images.select(&chosen));
    let mut ranges = Vec::new();
    // Activations [N, H] of the layer before, for a residual connection.
    let mut before = Vec::new();
    for layer in 0..model.config.hidden.len() {
        let mut values = Predictor::new(StoredModel::F32(cut_after(model, layer)))?.logits(&chosen)?.values;
        activate(&mut values, &model.config, layer);
        if model.config.adds_input(layer) {
            values.iter_mut().zip(&before).for_each(|(value, input)| *value += input);
        }
        if model.config.adds_input(layer + 1) {
            before.clone_from(&values);
        }
        ranges.push(range(&mut values, how.percentile));
    }
    Ok(ranges)
}

/// The model up to layer `index`, whose linear outputs are then its logits.
fn cut_after(model: &ModelFile, index: usize) -> ModelFile {
    let hidden = &model.config.hidden;
    let config = MlpConfig { hidden: hidden[..index].to_vec(), outputs: hidden[index], ..model.config.clone() };
    let layout = config.layout();
    // Parameters lie layer after layer: a model's beginning is a shorter model.
    let values = model.parameters.values[..layout.parameters()].to_vec();
    ModelFile { config, parameters: Parameters { layout, values }, metadata: BTreeMap::new() }
}

/// From the linear outputs `[N, H]` of a hidden layer to its activations.
fn activate(values: &mut [f32], config: &MlpConfig, layer: usize) {
    for row in values.chunks_exact_mut(config.hidden[layer]) {
        let z: Vec<f64> = row.iter().map(|&z| f64::from(z)).collect();
        let x = match config.normalization {
            Normalization::None => z,
            Normalization::Layer => normalize::forward(&z, row.len()),
        };
        for (value, x) in row.iter_mut().zip(x) {
            *value = activation::value(config.activation, x) as f32;
        }
    }
}

fn range(values: &mut [f32], percentile: f64) -> InputRange {
    let Some(last) = values.len().checked_sub(1) else { return InputRange::covering(0.0, 0.0) };
    let high = ((percentile / 100.0 * last as f64).ceil() as usize).min(last);
    let mut at = |place: usize| *values.select_nth_unstable_by(place, f32::total_cmp).1;
    InputRange::covering(at(last - high), at(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{Activation, initialise};

    fn model(activation: Activation) -> ModelFile {
        of(MlpConfig { inputs: 12, hidden: vec![9, 5], outputs: 3, activation, ..Default::default() })
    }

    fn of(config: MlpConfig) -> ModelFile {
        ModelFile { parameters: initialise(&config, 2), config, metadata: BTreeMap::new() }
    }

    fn images(n: usize) -> Split {
        let pixels = (0..n * 12).map(|i| (i * 7919 % 256) as u8).collect();
        Split { pixels, labels: vec![0; n], height: 3, width: 4 }
    }

    #[test]
    fn a_range_ends_where_the_percentile_says() {
        let mut values: Vec<f32> = (0..=1000).map(|i| i as f32 - 100.0).collect();
        let whole = range(&mut values, 100.0);
        assert_eq!(whole, InputRange::covering(-100.0, 900.0));
        assert_eq!(range(&mut values, 99.0), InputRange::covering(-90.0, 890.0));
        assert_eq!(range(&mut [], 100.0).scale, 1.0);
    }

    #[test]
    fn hidden_values_are_those_of_the_whole_model() {
        hold_the_values_of(&model(Activation::Tanh));
        let (hidden, activation) = (vec![5, 5, 5], Activation::Tanh);
        hold_the_values_of(&of(MlpConfig { hidden, residual: true, activation, ..model(activation).config }));
    }

    /// The ranges of a network with tanh.
    fn hold_the_values_of(model: &ModelFile) {
        let images = images(40);
        let how = Calibration { percentile: 100.0, images: 1000 };
        let last = model.config.hidden.len() - 1;
        let ranges = calibrate(model, &images, how).unwrap();
        // By the formula, in f64.
        let (mut largest, mut smallest) = (0f64, 0f64);
        for image in 0..40 {
            let mut x: Vec<f64> = images.image(image).iter().map(|&p| f64::from(p) / 255.0).collect();
            for layer in 0..=last {
                let as_f64 = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
                let (weight, bias) = (as_f64(model.parameters.weight(layer)), as_f64(model.parameters.bias(layer)));
                let y = fude_kernels::linear::forward(&x, &weight, &bias);
                let adds = model.config.adds_input(layer);
                let input = |unit: usize| if adds { x[unit] } else { 0.0 };
                x = y.iter().enumerate().map(|(unit, z)| z.tanh() + input(unit)).collect();
            }
            largest = x.iter().copied().fold(largest, f64::max);
            smallest = x.iter().copied().fold(smallest, f64::min);
        }
        let expected = InputRange::covering(smallest as f32, largest as f32);
        assert!((ranges[last].scale / expected.scale - 1.0).abs() < 1e-4, "{ranges:?} for {expected:?}");
        assert!(ranges[last].zero_point.abs_diff(expected.zero_point) <= 1);
    }

    #[test]
    fn few_images_stand_for_many() {
        let model = model(Activation::Relu);
        let how = |images| Calibration { percentile: 100.0, images };
        let (few, all) = (calibrate(&model, &images(400), how(100)), calibrate(&model, &images(400), how(400)));
        let (few, all) = (few.unwrap(), all.unwrap());
        assert!(few[0].scale <= all[0].scale && few[0].scale > 0.5 * all[0].scale);
        assert_eq!(all[0].zero_point, 0);
    }
}
