//! Numbers of any floating-point type as f32.

use super::ImportError;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors};

/// A tensor's values as f32, row by row; notes a conversion that rounds.
pub(super) fn to_f32(tensors: &SafeTensors<'_>, name: &str, notes: &mut Vec<String>) -> Result<Vec<f32>, ImportError> {
    let view = tensors.tensor(name)?;
    let bytes = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        Dtype::F16 => bytes.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
        Dtype::BF16 => bytes.as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect(),
        Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect(),
        other => return Err(ImportError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    };
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(ImportError::NotFinite { name: name.to_owned(), index, value: values[index] });
    }
    let note = "numbers of type F64 were rounded to f32".to_owned();
    if view.dtype() == Dtype::F64 && !notes.contains(&note) {
        notes.push(note);
    }
    Ok(values)
}
