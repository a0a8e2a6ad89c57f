//! The whole model: loss and gradients of a batch, from the twins.

use crate::{activation, linear, loss, normalize};
use fude_model::{MlpConfig, Normalization};

/// Logits of a batch, and what the way back needs.
struct Passed {
    /// Input of each layer, `[B, I]`.
    inputs: Vec<Vec<f64>>,
    /// Linear output of each layer, `[B, O]`; the last is the logits.
    outputs: Vec<Vec<f64>>,
    /// The same of each hidden layer, normalised where the model does that.
    normalized: Vec<Vec<f64>>,
}

/// The mean loss of a batch and its gradient `[P]`.
///
/// `parameters: [P]`, `images: [B, I]` in [0, 1], `targets: [B, O]`, and one mask `[B, H]` for each hidden layer, or
/// none at all without dropout.
pub fn gradients(
    config: &MlpConfig,
    parameters: &[f64],
    images: &[f64],
    targets: &[f64],
    masks: &[Vec<f64>],
) -> (f64, Vec<f64>) {
    let layout = config.layout();
    let passed = forward(config, parameters, images, masks);
    let logits = &passed.outputs[layout.layers.len() - 1];
    let mut gradient = vec![0.0; parameters.len()];
    let mut dy = loss::gradient(logits, targets, config.outputs);
    // The gradient with respect to the output of the layer in turn, where its input was added to that.
    let mut dh = Vec::new();
    for (index, layer) in layout.layers.iter().enumerate().rev() {
        let x = &passed.inputs[index];
        gradient[layer.weight()].copy_from_slice(&linear::weight_gradient(x, &dy, layer.inputs, layer.outputs));
        gradient[layer.bias()].copy_from_slice(&linear::bias_gradient(&dy, layer.outputs));
        if index > 0 {
            dy = linear::input_gradient(&dy, &parameters[layer.weight()], layer.outputs);
            if config.adds_input(index) {
                dy.iter_mut().zip(&dh).for_each(|(dy, dh)| *dy += dh);
            }
            dh.clone_from(&dy);
            for (element, (dy, x)) in dy.iter_mut().zip(&passed.normalized[index - 1]).enumerate() {
                *dy *= activation::derivative(config.activation, *x) * factor(masks, index - 1, element);
            }
            if config.normalization == Normalization::Layer {
                dy = normalize::gradient(&dy, &passed.outputs[index - 1], layer.inputs);
            }
        }
    }
    (mean_loss(config, logits, targets), gradient)
}

/// The logits `[B, O]` of a batch.
pub fn logits(config: &MlpConfig, parameters: &[f64], images: &[f64], masks: &[Vec<f64>]) -> Vec<f64> {
    forward(config, parameters, images, masks).outputs.pop().unwrap_or_default()
}

/// The mean loss of a batch.
pub fn mean_loss(config: &MlpConfig, logits: &[f64], targets: &[f64]) -> f64 {
    let losses = loss::cross_entropy(logits, targets, config.outputs);
    losses.iter().sum::<f64>() / losses.len() as f64
}

fn forward(config: &MlpConfig, parameters: &[f64], images: &[f64], masks: &[Vec<f64>]) -> Passed {
    let layout = config.layout();
    let mut passed = Passed { inputs: vec![images.to_vec()], outputs: Vec::new(), normalized: Vec::new() };
    for (index, layer) in layout.layers.iter().enumerate() {
        let z = linear::forward(&passed.inputs[index], &parameters[layer.weight()], &parameters[layer.bias()]);
        let hide =
            |(element, &x): (usize, &f64)| activation::value(config.activation, x) * factor(masks, index, element);
        if index + 1 < layout.layers.len() {
            let x = match config.normalization {
                Normalization::None => z.clone(),
                Normalization::Layer => normalize::forward(&z, layer.outputs),
            };
            let mut output: Vec<f64> = x.iter().enumerate().map(hide).collect();
            if config.adds_input(index) {
                output.iter_mut().zip(&passed.inputs[index]).for_each(|(output, input)| *output += input);
            }
            passed.inputs.push(output);
            passed.normalized.push(x);
        }
        passed.outputs.push(z);
    }
    passed
}

fn factor(masks: &[Vec<f64>], layer: usize, element: usize) -> f64 {
    masks.get(layer).map_or(1.0, |mask| mask[element])
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{Activation, initialise};

    /// Central differences in f64 with h = 1e-6 are good to about 1e-9 at these sizes.
    #[test]
    fn gradients_are_finite_differences_of_the_loss() {
        for (activation, normalization, hidden) in [
            (Activation::Relu, Normalization::None, vec![7, 4]),
            (Activation::Gelu, Normalization::None, vec![7, 4]),
            (Activation::Tanh, Normalization::None, vec![7, 4]),
            (Activation::Gelu, Normalization::Layer, vec![7, 4]),
            (Activation::Tanh, Normalization::None, vec![6, 6, 6, 4, 4]),
            (Activation::Gelu, Normalization::Layer, vec![6, 6, 6, 4, 4]),
        ] {
            let config = MlpConfig {
                inputs: 5,
                residual: hidden.len() > 2,
                hidden,
                outputs: 3,
                activation,
                normalization,
                dropout: 0.25,
                ..Default::default()
            };
            let mut parameters: Vec<f64> = initialise(&config, 4).values.iter().map(|&w| f64::from(w)).collect();
            let images: Vec<f64> = (0..20).map(|i| f64::from(i * 37 % 11) / 11.0).collect();
            let targets = loss::targets(&[0, 2, 1, 2], 3, 0.1);
            let masks: Vec<_> =
                config.hidden.iter().zip(0..).map(|(h, l)| crate::dropout::mask(9, 0, 0, l, 4 * h, 0.25)).collect();
            let (_, gradient) = gradients(&config, &parameters, &images, &targets, &masks);
            for p in 0..parameters.len() {
                let mut loss = |w: f64| {
                    let before = std::mem::replace(&mut parameters[p], w);
                    let loss = mean_loss(&config, &logits(&config, &parameters, &images, &masks), &targets);
                    parameters[p] = before;
                    loss
                };
                let (h, w) = (1e-6, loss_argument(p, &config));
                let slope = (loss(w + h) - loss(w - h)) / (2.0 * h);
                assert!(
                    (slope - gradient[p]).abs() < 1e-8,
                    "{activation:?}, {normalization:?}, {p}: {slope}, {}",
                    gradient[p]
                );
            }
        }
    }

    fn loss_argument(p: usize, config: &MlpConfig) -> f64 {
        f64::from(initialise(config, 4).values[p])
    }
}
