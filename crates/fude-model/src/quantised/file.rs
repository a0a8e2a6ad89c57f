//! int8 models as safetensors files, and telling them from others.

use super::{InputRange, QuantisedLayer, QuantisedModel};
use crate::metadata::{described, take_config};
use crate::tensors::{bytes_of, floats, header_of, layer_shapes, serialised, tensor};
use crate::{MlpConfig, ModelFile, ModelFileError};
use safetensors::tensor::{Dtype, SafeTensors};
use std::collections::BTreeMap;

/// The metadata key that tells an int8 file, and its value.
const KEY: &str = "quantization";
const INT8: &str = "int8";

/// A model as it stands in a safetensors file, of one kind or the other.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredModel {
    /// With f32 weights.
    F32(ModelFile),
    /// With int8 weights.
    Int8(QuantisedModel),
}

impl StoredModel {
    /// Reads a model of either kind.
    ///
    /// # Errors
    /// Where the bytes are no safetensors file, or neither's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let header = header_of(bytes)?;
        match header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) {
            Some(_) => QuantisedModel::from_bytes(bytes).map(Self::Int8),
            None => ModelFile::from_bytes(bytes).map(Self::F32),
        }
    }

    /// Its shape and activation.
    pub fn config(&self) -> &MlpConfig {
        match self {
            Self::F32(model) => &model.config,
            Self::Int8(model) => &model.config,
        }
    }

    /// What its file says of it.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        match self {
            Self::F32(model) => &model.metadata,
            Self::Int8(model) => &model.metadata,
        }
    }

    /// The same, to be added to.
    pub fn metadata_mut(&mut self) -> &mut BTreeMap<String, String> {
        match self {
            Self::F32(model) => &mut model.metadata,
            Self::Int8(model) => &mut model.metadata,
        }
    }
}

impl QuantisedModel {
    /// The bytes of a safetensors file: `fc1.weight` I8 `[out, in]`, `fc1.weight_scale` and `fc1.bias` F32 `[out]`,
    /// `fc1.input_scale` F32 `[1]`, `fc1.input_zero_point` U8 `[1]`, and so on.
    ///
    /// # Errors
    /// Only what the safetensors library refuses.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        let mut tensors = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let mut add = |name: &str, dtype, shape: &[usize], bytes| {
                tensors.push((format!("fc{}.{name}", index + 1), dtype, shape.to_vec(), bytes));
            };
            let weight = layer.weight.iter().map(|weight| weight.to_le_bytes()[0]).collect();
            add("weight", Dtype::I8, &[layer.outputs, layer.inputs], weight);
            add("weight_scale", Dtype::F32, &[layer.outputs], bytes_of(&layer.weight_scale));
            add("bias", Dtype::F32, &[layer.outputs], bytes_of(&layer.bias));
            add("input_scale", Dtype::F32, &[1], bytes_of(&[layer.input.scale]));
            add("input_zero_point", Dtype::U8, &[1], vec![layer.input.zero_point]);
        }
        let mut metadata = described(&self.config, &self.metadata);
        metadata.insert(KEY.into(), INT8.into());
        serialised(&tensors, metadata)
    }

    /// Reads an int8 model.
    ///
    /// # Errors
    /// Where the bytes are no safetensors file or not such a model's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let header = header_of(bytes)?;
        let tensors = SafeTensors::deserialize(bytes)?;
        let mut metadata: BTreeMap<String, String> = header.metadata().iter().flat_map(|m| m.clone()).collect();
        let found = metadata.remove(KEY).unwrap_or_default();
        if found != INT8 {
            return Err(ModelFileError::Metadata { key: KEY, expected: INT8, found });
        }
        let shapes = layer_shapes(&tensors)?;
        let config = take_config(&mut metadata, &shapes)?;
        let layers = shapes.iter().enumerate().map(|(index, &shape)| layer(&tensors, index, shape));
        Ok(Self { layers: layers.collect::<Result<_, _>>()?, config, metadata })
    }
}

fn layer(
    tensors: &SafeTensors<'_>,
    index: usize,
    (inputs, outputs): (usize, usize),
) -> Result<QuantisedLayer, ModelFileError> {
    let name = |end: &str| format!("fc{}.{end}", index + 1);
    let weight = tensor(tensors, &name("weight"), Dtype::I8, &[outputs, inputs])?;
    let weight_scale = scales(tensors, &name("weight_scale"), outputs)?;
    let input_scale = scales(tensors, &name("input_scale"), 1)?;
    let zero_point = tensor(tensors, &name("input_zero_point"), Dtype::U8, &[1])?;
    Ok(QuantisedLayer {
        inputs,
        outputs,
        weight: weight.iter().map(|&byte| i8::from_le_bytes([byte])).collect(),
        weight_scale,
        bias: floats(tensors, &name("bias"), &[outputs])?,
        input: InputRange { scale: input_scale[0], zero_point: zero_point[0] },
    })
}

fn scales(tensors: &SafeTensors<'_>, name: &str, length: usize) -> Result<Vec<f32>, ModelFileError> {
    let values = floats(tensors, name, &[length])?;
    match values.iter().find(|scale| !(scale.is_finite() && **scale > 0.0)) {
        None => Ok(values),
        Some(found) => {
            let (expected, found) = ("scales over 0".to_owned(), found.to_string());
            Err(ModelFileError::Shape { name: name.to_owned(), expected, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, initialise};
    use proptest::prelude::*;

    fn trained() -> ModelFile {
        let config =
            MlpConfig { inputs: 6, hidden: vec![4, 3], outputs: 2, activation: Activation::Gelu, ..Default::default() };
        let parameters = initialise(&config, 9);
        ModelFile { config, parameters, metadata: [("dataset".to_owned(), "kana".to_owned())].into() }
    }

    fn model() -> QuantisedModel {
        QuantisedModel::new(&trained(), &[InputRange::covering(-0.2, 2.0), InputRange::covering(-0.2, 3.0)])
    }

    #[test]
    fn both_kinds_come_back_as_they_were_written() {
        let bytes = model().to_bytes().unwrap();
        assert_eq!(StoredModel::from_bytes(&bytes).unwrap(), StoredModel::Int8(model()));
        assert_eq!(bytes, model().to_bytes().unwrap(), "equal models are equal files");
        let bytes = trained().to_bytes().unwrap();
        assert_eq!(StoredModel::from_bytes(&bytes).unwrap(), StoredModel::F32(trained()));
    }

    #[test]
    fn who_expects_f32_is_told() {
        let error = ModelFile::from_bytes(&model().to_bytes().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "tensor fc1.weight: expected F32 [4, 6], found I8 [4, 6]");
        let error = QuantisedModel::from_bytes(&trained().to_bytes().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "metadata quantization: expected int8, found ''");
    }

    #[test]
    fn a_scale_that_is_none_is_refused() {
        let mut model = model();
        model.layers[1].weight_scale[2] = 0.0;
        let error = QuantisedModel::from_bytes(&model.to_bytes().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "tensor fc2.weight_scale: expected scales over 0, found 0");
    }

    #[test]
    fn a_header_that_promises_more_than_there_is_is_refused() {
        let promises = |length: u64, header: &str| [&length.to_le_bytes()[..], header.as_bytes()].concat();
        let tensor = |shape: &str, end: &str| {
            format!(r#"{{"fc1.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
        };
        let huge = tensor("[65536,65536]", "17179869184");
        let overflowing = tensor("[4294967296,4294967296]", "0");
        let nested = format!(r#"{{"__metadata__":{}"#, "[".repeat(100_000));
        for header in [huge, overflowing, nested, "{}".into(), String::new()] {
            for length in [header.len() as u64, u64::MAX, 1 << 40, 0] {
                assert!(StoredModel::from_bytes(&promises(length, &header)).is_err(), "{length} {header:.60}");
            }
        }
    }

    proptest! {
        #[test]
        fn mutated_bytes_never_panic(position in 0usize..1400, value: u8, cut in 0usize..1400) {
            let mut bytes = model().to_bytes().unwrap();
            let position = position % bytes.len();
            bytes[position] = value;
            bytes.truncate(bytes.len() - cut % bytes.len());
            let _ = StoredModel::from_bytes(&bytes);
        }
    }
}
