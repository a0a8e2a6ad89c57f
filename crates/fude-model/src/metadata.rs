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
    let activation = take_activation(metadata)?;
    let normalization = take_normalization(metadata)?;
    let residual = take_residual(metadata)?;
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

fn take_activation(metadata: &mut BTreeMap<String, String>) -> Result<Activation, ModelFileError> {
    let Some(name) = metadata.remove("activation") else { return Ok(Activation::Relu) };
    Activation::from_name(&name).ok_or(ModelFileError::Metadata {
        key: "activation",
        expected: "relu, gelu or tanh",
        found: name,
    })
}

fn take_normalization(metadata: &mut BTreeMap<String, String>) -> Result<Normalization, ModelFileError> {
    let Some(name) = metadata.remove("normalization") else { return Ok(Normalization::None) };
    Normalization::from_name(&name).ok_or(ModelFileError::Metadata {
        key: "normalization",
        expected: "none or layer",
        found: name,
    })
}

fn take_residual(metadata: &mut BTreeMap<String, String>) -> Result<bool, ModelFileError> {
    let Some(text) = metadata.remove("residual") else { return Ok(false) };
    text.parse().map_err(|_| ModelFileError::Metadata { key: "residual", expected: "true or false", found: text })
}
