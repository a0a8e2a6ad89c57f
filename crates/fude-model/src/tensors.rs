//! The tensors of a safetensors file: reading checked ones, writing equal ones as equal bytes.

use crate::ModelFileError;
use crate::other_files::seems_to_be;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use std::collections::HashMap;

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
