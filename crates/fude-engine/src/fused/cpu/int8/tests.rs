//! The int8 path against plain loops, at every level that this processor has.

use super::*;
use fude_kernels::{activation, normalize};
use fude_model::{Activation, ModelFile, QuantisedLayer, initialise};

fn quantised(inputs: usize, hidden: &[usize], outputs: usize, activation: Activation) -> QuantisedModel {
    let config = MlpConfig { inputs, hidden: hidden.to_vec(), outputs, activation, ..Default::default() };
    let parameters = initialise(&config, 7);
    let low = if activation == Activation::Relu { 0.0 } else { -0.6 };
    let ranges: Vec<_> = hidden.iter().map(|_| InputRange::covering(low, 0.9)).collect();
    QuantisedModel::new(&ModelFile { config, parameters, metadata: Default::default() }, &ranges)
}

fn pixels(n: usize, inputs: usize) -> Vec<u8> {
    (0..n * inputs).map(|i| (i * 7919 % 251) as u8 ^ (i / 3) as u8).collect()
}

/// One layer's sums as the formula has them, and its outputs.
fn outputs(layer: &QuantisedLayer, q: &[i64]) -> Vec<f64> {
    let zero = i64::from(layer.input.zero_point);
    let row = |o: usize| &layer.weight[o * layer.inputs..][..layer.inputs];
    let sum = |o: usize| row(o).iter().zip(q).map(|(&w, &q)| i64::from(w) * (q - zero)).sum::<i64>() as f64;
    let scale = |o: usize| f64::from(layer.input.scale) * f64::from(layer.weight_scale[o]);
    (0..layer.outputs).map(|o| sum(o) * scale(o) + f64::from(layer.bias[o])).collect()
}

/// The logits of one image. A value that f32 rounds to another byte than f64 is one step off.
fn twin(model: &QuantisedModel, pixels: &[u8]) -> Vec<f64> {
    let mut q: Vec<i64> = pixels.iter().map(|&pixel| i64::from(pixel)).collect();
    let (last, hidden) = model.layers.split_last().unwrap();
    let mut before: Vec<f64> = Vec::new();
    for (index, (layer, next)) in hidden.iter().zip(&model.layers[1..]).enumerate() {
        let mut values = outputs(layer, &q);
        if model.config.normalization == Normalization::Layer {
            values = normalize::forward(&values, layer.outputs);
        }
        let InputRange { scale, zero_point } = next.input;
        values.iter_mut().for_each(|z| *z = activation::value(model.config.activation, *z));
        if model.config.adds_input(index) {
            values.iter_mut().zip(&before).for_each(|(value, input)| *value += input);
        }
        let byte = |value: &f64| {
            let value = value / f64::from(scale) + f64::from(zero_point);
            value.round_ties_even().clamp(0.0, 255.0) as i64
        };
        q = values.iter().map(byte).collect();
        before = values;
    }
    outputs(last, &q)
}

fn one_thread() -> CpuInfo {
    CpuInfo { threads: 1, ..CpuInfo::of_this_machine() }
}

#[test]
fn every_level_gives_the_formulas_logits() {
    // Odd shapes: fewer outputs than lanes, inputs that fill no group, panels that fill no tile.
    for (inputs, hidden, classes) in
        [(784, vec![128], 10), (5, vec![], 2), (7, vec![33, 17], 3), (30, vec![80, 16], 49), (9, vec![17, 17, 17], 3)]
    {
        for kind in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
            let mut model = quantised(inputs, &hidden, classes, kind);
            // Tanh with layer normalisation, the others without.
            if kind == Activation::Tanh {
                model.config.normalization = Normalization::Layer;
            }
            model.config.residual = hidden.len() > 2;
            let images = pixels(11, inputs);
            for level in DotLevel::available() {
                let found = Int8Engine::with_level(&one_thread(), &model, level).unwrap().logits(&images).unwrap();
                for (image, logits) in images.chunks(inputs).zip(found.values.chunks(classes)) {
                    for (class, (logit, expected)) in logits.iter().zip(twin(&model, image)).enumerate() {
                        // A hidden value in the middle between two bytes may go either way: some steps of some weights.
                        let steps: f64 = model.layers[1..].iter().map(|l| f64::from(l.input.scale)).sum();
                        let error = (f64::from(*logit) - expected).abs();
                        assert!(error <= 1e-4 + steps, "{level:?} {kind:?} {hidden:?} {class}: {logit} for {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn levels_agree_to_the_bit_with_relu() {
    let model = quantised(130, &[70, 20], 10, Activation::Relu);
    let images = pixels(70, 130);
    let logits = |level| Int8Engine::with_level(&one_thread(), &model, level).unwrap().logits(&images).unwrap();
    let expected = logits(DotLevel::Portable);
    for level in DotLevel::available() {
        assert_eq!(logits(level), expected, "{level:?}");
    }
}

#[test]
fn an_image_gets_its_logits_whoever_computes_it_and_with_whom() {
    let model = quantised(20, &[9], 3, Activation::Gelu);
    let images = pixels(333, 20);
    let all = Int8Engine::new(&one_thread(), &model).unwrap().logits(&images).unwrap();
    let mut team = Int8Engine::new(&CpuInfo { threads: 3, ..one_thread() }, &model).unwrap();
    assert_eq!(team.logits(&images).unwrap(), all);
    for (image, expected) in images.chunks(20).zip(all.values.chunks(3)) {
        assert_eq!(team.logits(image).unwrap().values, expected);
    }
    assert!(team.logits(&[]).unwrap().values.is_empty());
    assert!(team.logits(&[0; 21]).is_err());
}

#[test]
fn the_largest_sums_do_not_overflow() {
    // As wide as a model may be, every product the largest; once with each sign.
    let inputs = MAX_INPUTS;
    for weight in [127, -127] {
        let layer = QuantisedLayer {
            inputs,
            outputs: 2,
            weight: vec![weight; 2 * inputs],
            weight_scale: vec![1.0; 2],
            bias: vec![0.0; 2],
            input: InputRange { scale: 1.0, zero_point: 0 },
        };
        let config = MlpConfig { inputs, hidden: vec![], outputs: 2, ..Default::default() };
        let model = QuantisedModel { config, layers: vec![layer], metadata: Default::default() };
        for level in DotLevel::available() {
            let mut engine = Int8Engine::with_level(&one_thread(), &model, level).unwrap();
            let found = engine.logits(&vec![255; inputs]).unwrap().values[0];
            assert_eq!(found, (255 * i64::from(weight) * inputs as i64) as f32, "{level:?}");
        }
    }
}
