//! Models that another program wrote: any safetensors file whose tensors are those of Linear layers.

mod arrange;
mod error;
mod numbers;

pub use error::ImportError;

use crate::metadata::take_config;
use crate::tensors::{header_of, transposed};
use crate::{Activation, MlpConfig, ModelFile, ModelFileError, Parameters};
use arrange::{Linear, arrange};
use numbers::to_f32;
use safetensors::tensor::SafeTensors;
use std::collections::BTreeMap;

/// What a user says of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// H of each hidden layer; none takes the layers in the order of their names.
    pub hidden: Option<Vec<usize>>,
    /// The activation; none takes what the file's metadata say, else ReLU.
    pub activation: Option<Activation>,
    /// Whether hidden layers add their input ([`MlpConfig::residual`]); where false, what the file's metadata say.
    pub residual: bool,
}

/// An imported model.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The model, under fude's names.
    pub model: ModelFile,
    /// What each layer was called (`net.3`), first to last.
    pub names: Vec<String>,
    /// What a user should know: converted numbers, biases that were not there.
    pub notes: Vec<String>,
}

/// Reads the Linear layers of a safetensors file, whatever they are called: `fc1.weight`, `net.3.weight`, `0.weight`.
///
/// Weights are `[out, in]` as PyTorch has them; f16, bf16 and f64 become f32.
///
/// # Errors
/// Tensors that are missing, superfluous, of a wrong shape or type, or hold values that are no numbers; residual
/// connections where no two neighbouring hidden layers are as wide as each other.
pub fn import(bytes: &[u8], options: &ImportOptions) -> Result<Imported, ImportError> {
    let header = header_of(bytes)?;
    let tensors = SafeTensors::deserialize(bytes)?;
    let mut metadata: BTreeMap<String, String> = header.metadata().iter().flat_map(|pairs| pairs.clone()).collect();
    let layers = arrange(arrange::linear_layers(&tensors)?, options.hidden.as_deref())?;
    if options.activation.is_some() {
        metadata.remove("activation");
    }
    // Whatever fude's own files say beside it stays.
    let shapes: Vec<_> = layers.iter().map(|layer| (layer.inputs, layer.outputs)).collect();
    let mut config = take_config(&mut metadata, &shapes)?;
    config.activation = options.activation.unwrap_or(config.activation);
    config.residual |= options.residual;
    config.validate().map_err(ModelFileError::from)?;
    let (parameters, notes) = parameters(&tensors, &layers, &config)?;
    let names = layers.iter().map(|layer| layer.name().to_owned()).collect();
    Ok(Imported { model: ModelFile { config, parameters, metadata }, names, notes })
}

fn parameters(
    tensors: &SafeTensors<'_>,
    layers: &[Linear],
    config: &MlpConfig,
) -> Result<(Parameters, Vec<String>), ImportError> {
    let layout = config.layout();
    let mut values = Vec::with_capacity(layout.parameters());
    let mut notes = Vec::new();
    for layer in layers {
        let weight = to_f32(tensors, &layer.weight(), &mut notes)?;
        values.extend(transposed(&weight, layer.outputs, layer.inputs));
        match layer.has_bias {
            true => values.extend(to_f32(tensors, &layer.bias(), &mut notes)?),
            false => values.extend(std::iter::repeat_n(0.0, layer.outputs)),
        }
    }
    if layers.iter().all(|layer| !layer.has_bias) {
        notes.push("no layer has a bias: they are 0".into());
    }
    Ok((Parameters { layout, values }, notes))
}

#[cfg(test)]
mod tests;
