//! Models as safetensors files, in PyTorch's names and layouts: `fc1.weight: [out, in]`, `fc1.bias: [out]`.

use crate::metadata::{described, take_config};
use crate::tensors::{bytes_of, floats, header_of, layer_shapes, serialised, transposed};
use crate::{ConfigError, MlpConfig, Parameters};
use safetensors::tensor::{Dtype, SafeTensors};
use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputScale, Normalization};
    use proptest::prelude::*;
    use safetensors::tensor::TensorView;

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
