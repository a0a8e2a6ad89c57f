//! Models as safetensors files, in PyTorch's names and layouts: `fc1.weight: [out, in]`, `fc1.bias: [out]`.

use crate::other_files::seems_to_be;
use crate::{Activation, ConfigError, InputScale, MlpConfig, Normalization, Parameters};
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};

/// A model as it stands in a safetensors file.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// Its shape and activation.
    pub config: MlpConfig,
    /// Its parameters, `[P]`.
    pub parameters: Parameters,
    /// Whatever else the file says of it: data set, classes, seed, epoch.
    pub metadata: BTreeMap<String, String>,
}

/// Why bytes are no model that fude can use.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// Not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Not a safetensors file but something else that has a name.
    #[error("not a safetensors file but, as it seems, {0}")]
    Other(&'static str),
    /// A tensor that an MLP needs is absent.
    #[error("tensor {name} is missing; expected fc1.weight, fc1.bias, fc2.weight, ...")]
    Missing {
        /// The tensor's name.
        name: String,
    },
    /// A tensor holds NaN or infinity: no model that trained well.
    #[error("tensor {name}: expected finite numbers, found {value} at {index}")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Which of its numbers, from 0.
        index: usize,
        /// The number.
        value: f32,
    },
    /// A tensor has another shape or type than its neighbours ask for.
    #[error("tensor {name}: expected {expected}, found {found}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// Expected shape and type.
        expected: String,
        /// Found shape and type.
        found: String,
    },
    /// Larger or smaller than fude's models.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The metadata name something unknown.
    #[error("metadata {key}: expected {expected}, found '{found}'")]
    Metadata {
        /// The metadata key.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
}

impl ModelFile {
    /// The bytes of a safetensors file with this model.
    ///
    /// # Errors
    /// Only what the safetensors library refuses.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let mut tensors = Vec::new();
        for (index, layer) in self.parameters.layout.layers.iter().enumerate() {
            let weight = transposed(self.parameters.weight(index), layer.inputs, layer.outputs);
            let (weight, bias) = (bytes_of(&weight), bytes_of(self.parameters.bias(index)));
            tensors.push((format!("{}.weight", layer.name), Dtype::F32, vec![layer.outputs, layer.inputs], weight));
            tensors.push((format!("{}.bias", layer.name), Dtype::F32, vec![layer.outputs], bias));
        }
        serialised(&tensors, described(&self.config, &self.metadata))
    }

    /// Reads a model; the shape comes from the tensors themselves.
    ///
    /// # Errors
    /// Where the bytes are no safetensors file or not an MLP's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let header = header_of(bytes)?;
        let tensors = SafeTensors::deserialize(bytes)?;
        let mut metadata: BTreeMap<String, String> = header.metadata().iter().flat_map(|m| m.clone()).collect();
        let config = take_config(&mut metadata, &layer_shapes(&tensors)?)?;
        let layout = config.layout();
        let mut values = Vec::with_capacity(layout.parameters());
        for layer in &layout.layers {
            let weight = floats(&tensors, &format!("{}.weight", layer.name), &[layer.outputs, layer.inputs])?;
            values.extend(transposed(&weight, layer.outputs, layer.inputs));
            values.extend(floats(&tensors, &format!("{}.bias", layer.name), &[layer.outputs])?);
        }
        Ok(Self { config, parameters: Parameters { layout, values }, metadata })
    }
}

/// The header of a safetensors file; or what the file seems to be where it is none.
pub(crate) fn header_of(bytes: &[u8]) -> Result<Metadata, ModelFileError> {
    match SafeTensors::read_metadata(bytes) {
        Ok((_, header)) => Ok(header),
        Err(error) => Err(seems_to_be(bytes).map_or(ModelFileError::Format(error), ModelFileError::Other)),
    }
}

/// A tensor's name, type, shape and bytes.
pub(crate) type NamedBytes = (String, Dtype, Vec<usize>, Vec<u8>);

/// The bytes of a file with these tensors; equal content makes equal bytes.
pub(crate) fn serialised(tensors: &[NamedBytes], metadata: HashMap<String, String>) -> Result<Vec<u8>, ModelFileError> {
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, ModelFileError>>()?;
    Ok(sorted_metadata(safetensors::serialize(views, Some(metadata))?))
}

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

/// `(inputs, outputs)` of fc1, fc2, ..., each of which must fit the one before.
pub(crate) fn layer_shapes(tensors: &SafeTensors<'_>) -> Result<Vec<(usize, usize)>, ModelFileError> {
    let mut shapes: Vec<(usize, usize)> = Vec::new();
    loop {
        let name = format!("fc{}.weight", shapes.len() + 1);
        let Ok(view) = tensors.tensor(&name) else {
            return if shapes.is_empty() { Err(ModelFileError::Missing { name }) } else { Ok(shapes) };
        };
        let before = shapes.last().map(|shape| shape.1);
        match *view.shape() {
            [outputs, inputs] if outputs > 0 && inputs > 0 && before.is_none_or(|width| width == inputs) => {
                shapes.push((inputs, outputs));
            }
            _ => {
                let inputs = before.map_or("in".to_owned(), |width| width.to_string());
                let (expected, found) = (format!("[out, {inputs}]"), format!("{:?}", view.shape()));
                return Err(ModelFileError::Shape { name, expected, found });
            }
        }
    }
}

pub(crate) fn floats(tensors: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelFileError> {
    let bytes = tensor(tensors, name, Dtype::F32, shape)?;
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ModelFileError::NotFinite { name: name.into(), index, value: values[index] }),
        None => Ok(values),
    }
}

/// The bytes of a tensor that must be of this type and shape.
pub(crate) fn tensor<'a>(
    tensors: &SafeTensors<'a>,
    name: &str,
    dtype: Dtype,
    shape: &[usize],
) -> Result<&'a [u8], ModelFileError> {
    let view = tensors.tensor(name).map_err(|_| ModelFileError::Missing { name: name.into() })?;
    if view.dtype() != dtype || view.shape() != shape {
        return Err(ModelFileError::Shape {
            name: name.into(),
            expected: format!("{dtype:?} {shape:?}"),
            found: format!("{:?} {:?}", view.dtype(), view.shape()),
        });
    }
    Ok(view.data())
}

pub(crate) fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `[rows, columns]` to `[columns, rows]`.
pub(crate) fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| (0..rows).map(move |r| values[r * columns + c])).collect()
}

/// Gives the header's metadata a fixed order: the library writes a hash map's, and equal models should be equal files.
fn sorted_metadata(bytes: Vec<u8>) -> Vec<u8> {
    let rewritten = (|| {
        let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?) as usize;
        let header: serde_json::Value = serde_json::from_slice(bytes.get(8..8 + length)?).ok()?;
        let mut header = header.as_object()?.clone();
        let metadata = header.get_mut("__metadata__")?.as_object_mut()?;
        metadata.sort_keys();
        let mut text = serde_json::to_vec(&header).ok()?;
        text.resize(text.len().next_multiple_of(8), b' ');
        let mut out = (text.len() as u64).to_le_bytes().to_vec();
        out.extend(text);
        out.extend(&bytes[8 + length..]);
        Some(out)
    })();
    rewritten.unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn model() -> ModelFile {
        let config = MlpConfig {
            inputs: 6,
            hidden: vec![4, 3],
            outputs: 2,
            dropout: 0.25,
            normalization: Normalization::Layer,
            input: InputScale { mean: 0.19, std: 0.35 },
            ..Default::default()
        };
        let parameters = crate::initialise(&config, 9);
        ModelFile { config, parameters, metadata: [("dataset".to_owned(), "kana".to_owned())].into() }
    }

    #[test]
    fn a_model_comes_back_as_it_was_written() {
        let bytes = model().to_bytes().unwrap();
        assert_eq!(ModelFile::from_bytes(&bytes).unwrap(), model());
    }

    #[test]
    fn residual_connections_stand_in_the_metadata_of_models_that_have_them_alone() {
        let config = MlpConfig { hidden: vec![4, 4], residual: true, ..model().config };
        let residual = ModelFile { parameters: crate::initialise(&config, 9), config, ..model() };
        let bytes = residual.to_bytes().unwrap();
        assert_eq!(ModelFile::from_bytes(&bytes).unwrap(), residual);
        let says = |bytes: &[u8]| bytes.windows(10).any(|window| window == br#""residual""#);
        assert!(says(&bytes) && !says(&model().to_bytes().unwrap()));
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
        let header = header.replace(r#""residual":"true""#, r#""residual":"some""#);
        let changed = [&bytes[..8], header.as_bytes(), &bytes[8 + length..]].concat();
        let error = ModelFile::from_bytes(&changed).unwrap_err().to_string();
        assert_eq!(error, "metadata residual: expected true or false, found 'some'");
    }

    #[test]
    fn equal_models_are_equal_files_and_weights_lie_as_pytorch_has_them() {
        let (a, b) = (model().to_bytes().unwrap(), model().to_bytes().unwrap());
        assert_eq!(a, b);
        let tensors = SafeTensors::deserialize(&a).unwrap();
        assert_eq!(tensors.tensor("fc1.weight").unwrap().shape(), [4, 6]);
    }

    #[test]
    fn a_missing_layer_and_a_wrong_shape_are_named() {
        let error = ModelFile::from_bytes(&safetensors::serialize([("x", view(&[2, 2]))], None).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("tensor fc1.weight is missing"), "{error}");
        let layers = [("fc1.weight", view(&[4, 3])), ("fc1.bias", view(&[4])), ("fc2.weight", view(&[2, 5]))];
        let error = ModelFile::from_bytes(&safetensors::serialize(layers, None).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "tensor fc2.weight: expected [out, 4], found [2, 5]");
    }

    fn view(shape: &[usize]) -> TensorView<'static> {
        static ZEROS: [u8; 256] = [0; 256];
        let bytes = shape.iter().product::<usize>() * 4;
        TensorView::new(Dtype::F32, shape.to_vec(), &ZEROS[..bytes]).unwrap()
    }

    proptest! {
        #[test]
        fn mutated_bytes_never_panic(position in 0usize..400, value: u8, cut in 0usize..600) {
            let mut bytes = model().to_bytes().unwrap();
            let position = position % bytes.len();
            bytes[position] = value;
            bytes.truncate(bytes.len().saturating_sub(cut % bytes.len()));
            let _ = ModelFile::from_bytes(&bytes);
        }
    }
}
