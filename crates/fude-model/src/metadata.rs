//! What a safetensors file says of a network beside its tensors: a configuration as metadata.

use crate::{Activation, InputScale, MlpConfig, ModelFileError, Normalization};
use std::collections::{BTreeMap, HashMap};

/// A file's metadata: whatever else it says, and what a configuration has beside its widths.
pub(crate) fn described(config: &MlpConfig, metadata: &BTreeMap<String, String>) -> HashMap<String, String> {
    let mut metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    metadata.insert("format".into(), "pt".into());
    metadata.insert("input".into(), crate::onnx::INPUT_MEANING.into());
    metadata.insert("activation".into(), config.activation.name().into());
    metadata.insert("dropout".into(), config.dropout.to_string());
    // Left out where a plain MLP reads the same without them.
    if config.normalization != Normalization::None {
        metadata.insert("normalization".into(), config.normalization.name().into());
    }
    if config.residual {
        metadata.insert("residual".into(), "true".into());
    }
    if config.input != InputScale::default() {
        metadata.insert("input_mean".into(), config.input.mean.to_string());
        metadata.insert("input_std".into(), config.input.std.to_string());
    }
    metadata
}

/// The reverse of [`described`], with the widths from the layers' `(inputs, outputs)`, of which there is one at least.
pub(crate) fn take_config(
    metadata: &mut BTreeMap<String, String>,
    shapes: &[(usize, usize)],
) -> Result<MlpConfig, ModelFileError> {
    let relu = Activation::Relu;
    let activation = take(metadata, ("activation", "relu, gelu or tanh"), relu, Activation::from_name)?;
    let none = Normalization::None;
    let normalization = take(metadata, ("normalization", "none or layer"), none, Normalization::from_name)?;
    let residual = take(metadata, ("residual", "true or false"), false, |text| text.parse().ok())?;
    let mut number = |key, default| metadata.remove(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    let dropout = number("dropout", 0.0);
    let input = InputScale { mean: number("input_mean", 0.0), std: number("input_std", 1.0) };
    metadata.remove("format");
    metadata.remove("input");
    let config = MlpConfig {
        inputs: shapes[0].0,
        hidden: shapes[..shapes.len() - 1].iter().map(|shape| shape.1).collect(),
        outputs: shapes[shapes.len() - 1].1,
        activation,
        normalization,
        residual,
        dropout,
        input,
    };
    config.validate()?;
    Ok(config)
}

/// A value by its name; `absent` where the file does not say.
fn take<T>(
    metadata: &mut BTreeMap<String, String>,
    (key, expected): (&'static str, &'static str),
    absent: T,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, ModelFileError> {
    let Some(found) = metadata.remove(key) else { return Ok(absent) };
    read(&found).ok_or(ModelFileError::Metadata { key, expected, found })
}
