//! What an MLP is made of.

use crate::{Activation, Layout, Normalization};
use serde::{Deserialize, Serialize};

/// The most hidden layers an experiment may ask for.
pub const MAX_LAYERS: usize = 16;
/// The most pixels an image may have.
pub const MAX_INPUTS: usize = 65_536;
/// The most units a layer may have.
pub const MAX_UNITS: usize = 16_384;

/// A multi-layer perceptron: `Linear -> normalisation -> activation -> Dropout` for each hidden layer, then `Linear` to
/// the logits. With [`MlpConfig::residual`], hidden layers as wide as the one before add their input to that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MlpConfig {
    /// I, pixels of an image. Taken from the data set when a run starts.
    pub inputs: usize,
    /// H of each hidden layer, first to last; empty means logistic regression.
    pub hidden: Vec<usize>,
    /// O, classes. Taken from the data set when a run starts.
    pub outputs: usize,
    /// The non-linearity after each hidden layer.
    pub activation: Activation,
    /// What normalises a hidden layer's linear output.
    #[serde(skip_serializing_if = "is_default")]
    pub normalization: Normalization,
    /// Whether a hidden layer as wide as the hidden layer before it adds its input to its output:
    /// `h[l] = h[l-1] + dropout(act(norm(h[l-1] W + b)))`. See [`MlpConfig::adds_input`].
    #[serde(skip_serializing_if = "is_default")]
    pub residual: bool,
    /// Probability that a hidden unit is dropped in training, in [0, 1); the kept ones are scaled by 1 / (1 - p).
    pub dropout: f64,
    /// Mean and standard deviation of a pixel in [0, 1] that images are standardised by: `x = (pixel - mean) / std`.
    /// 0 and 1 leave pixels as they are. Taken from the training images where `data.standardize` is true.
    #[serde(skip_serializing_if = "is_default")]
    pub input: InputScale,
}

/// How a pixel `p` in [0, 1] becomes an input: `(p - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputScale {
    /// Subtracted.
    pub mean: f64,
    /// Divided by; over 0.
    pub std: f64,
}

impl Default for InputScale {
    fn default() -> Self {
        Self { mean: 0.0, std: 1.0 }
    }
}

impl InputScale {
    /// `(factor, term)` such that a byte b becomes `b * factor + term`.
    pub fn of_bytes(self) -> (f32, f32) {
        ((1.0 / (255.0 * self.std)) as f32, (-self.mean / self.std) as f32)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Default for MlpConfig {
    fn default() -> Self {
        Self {
            inputs: 784,
            hidden: vec![128],
            outputs: 10,
            activation: Activation::Relu,
            normalization: Normalization::None,
            residual: false,
            dropout: 0.0,
            input: InputScale::default(),
        }
    }
}

/// A value of the model's configuration that is out of range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: expected {expected}, found {found}")]
pub struct ConfigError {
    /// The key, as in the experiment file ("model.hidden").
    pub key: &'static str,
    /// What it may be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl MlpConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let bad = |key, expected: String, found: String| Err(ConfigError { key, expected, found });
        if self.hidden.len() > MAX_LAYERS {
            return bad("model.hidden", format!("at most {MAX_LAYERS} layers"), self.hidden.len().to_string());
        }
        if let Some(width) = self.hidden.iter().find(|&&width| width == 0 || width > MAX_UNITS) {
            return bad("model.hidden", format!("widths from 1 to {MAX_UNITS}"), width.to_string());
        }
        if self.residual && !(1..self.hidden.len()).any(|layer| self.adds_input(layer)) {
            let expected = "two neighbouring hidden layers of one width, as a sum needs, or false".into();
            return bad("model.residual", expected, format!("true with hidden = {:?}", self.hidden));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return bad("model.dropout", "a probability in [0, 1)".into(), self.dropout.to_string());
        }
        if self.inputs == 0 || self.inputs > MAX_INPUTS {
            return bad("model.inputs", format!("1 to {MAX_INPUTS} pixels"), self.inputs.to_string());
        }
        let InputScale { mean, std } = self.input;
        if !(mean.is_finite() && std.is_finite() && std > 0.0) {
            return bad("model.input", "a finite mean and a std over 0".into(), format!("{mean}, {std}"));
        }
        if self.outputs < 2 || self.outputs > 256 {
            return bad("model.outputs", "2 to 256 classes".into(), self.outputs.to_string());
        }
        Ok(())
    }

    /// Whether layer `index`, from 0, adds its input to what it makes of that: a residual connection.
    ///
    /// The addition comes last, after activation and dropout, and nothing comes after it: between layers of one width, the
    /// way from the first of them to the last, and the gradient's way back, are then sums with an identity in them, which He,
    /// Zhang, Ren and Sun (2016, "Identity mappings in deep residual networks", section 3) found to matter. Images are not
    /// added to the first layer, however wide it is, nor anything to the logits.
    pub fn adds_input(&self, index: usize) -> bool {
        let width = |index: usize| self.hidden.get(index);
        self.residual && index > 0 && width(index).is_some() && width(index) == width(index - 1)
    }

    /// Where each weight lies in the flat parameter vector.
    pub fn layout(&self) -> Layout {
        Layout::new(self)
    }

    /// The shape as people write it: `784-256-128-64-10`.
    pub fn shape(&self) -> String {
        let widths: Vec<String> = self.widths().iter().map(usize::to_string).collect();
        widths.join("-")
    }

    /// I, every H, O.
    pub fn widths(&self) -> Vec<usize> {
        [self.inputs].into_iter().chain(self.hidden.iter().copied()).chain([self.outputs]).collect()
    }

    /// Floating-point operations of one training step on one sample: `2 I H` forward, the same for each weight
    /// gradient, and for each input gradient but the first layer's, which nobody needs.
    pub fn training_flops_per_sample(&self) -> f64 {
        let layout = self.layout();
        let product = |index: usize| (layout.layers[index].inputs * layout.layers[index].outputs) as f64;
        (0..layout.layers.len()).map(|l| if l == 0 { 4.0 } else { 6.0 } * product(l)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked_and_name_their_key() {
        let cases = [
            (MlpConfig { hidden: vec![128, 0], ..Default::default() }, "model.hidden"),
            (MlpConfig { hidden: vec![1; 17], ..Default::default() }, "model.hidden"),
            (MlpConfig { dropout: 1.0, ..Default::default() }, "model.dropout"),
            (MlpConfig { dropout: f64::NAN, ..Default::default() }, "model.dropout"),
            (MlpConfig { outputs: 1, ..Default::default() }, "model.outputs"),
            (MlpConfig { hidden: vec![784, 128, 10], residual: true, ..Default::default() }, "model.residual"),
            (MlpConfig { hidden: vec![], residual: true, ..Default::default() }, "model.residual"),
        ];
        for (config, key) in cases {
            assert_eq!(config.validate().unwrap_err().key, key);
        }
        assert_eq!(MlpConfig::default().validate(), Ok(()));
        assert_eq!(MlpConfig { hidden: vec![], ..Default::default() }.validate(), Ok(()));
    }

    #[test]
    fn inputs_are_added_between_hidden_layers_of_one_width_alone() {
        let hidden = vec![784, 784, 32, 32, 32, 10];
        let config = MlpConfig { hidden, residual: true, ..Default::default() };
        assert_eq!(config.validate(), Ok(()));
        let adding: Vec<usize> = (0..9).filter(|&layer| config.adds_input(layer)).collect();
        assert_eq!(adding, [1, 3, 4]);
        assert!(!MlpConfig { residual: false, ..config }.adds_input(1));
        let error = MlpConfig { residual: true, ..Default::default() }.validate().unwrap_err().to_string();
        let expected = "model.residual: expected two neighbouring hidden layers of one width, as a sum needs, or false, \
                        found true with hidden = [128]";
        assert_eq!(error, expected);
    }

    #[test]
    fn an_epoch_of_experiment_3_costs_63_gflop() {
        let e3 = MlpConfig { hidden: vec![256, 128, 64], ..Default::default() };
        let epoch = e3.training_flops_per_sample() * 60_000.0 / 1e9;
        assert!((epoch - 63.2).abs() < 1.0, "{epoch} GFLOP");
        assert_eq!(e3.shape(), "784-256-128-64-10");
    }
}
