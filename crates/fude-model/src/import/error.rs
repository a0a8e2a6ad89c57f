//! What can be wrong with a file that another program wrote.

use crate::ModelFileError;

/// Why a file holds no model that fude can use.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Format(#[from] safetensors::SafeTensorError),
    /// Its metadata name something unknown, or it is larger or smaller than fude's models.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// No tensor is the weight of a Linear layer.
    #[error("no Linear layer: expected tensors such as fc1.weight [out, in], found {found}")]
    NoLayers {
        /// The tensors there are.
        found: String,
    },
    /// Tensors that no Linear layer has.
    #[error("tensors of no Linear layer: {names}; an MLP is NAME.weight [out, in] and NAME.bias [out] for each layer")]
    Extra {
        /// Their names and shapes.
        names: String,
    },
    /// A tensor that its neighbours ask for is absent.
    #[error("tensor {name} is missing: expected {expected} values, as other layers have a bias")]
    Missing {
        /// Its name.
        name: String,
        /// Values that it would have.
        expected: usize,
    },
    /// A tensor has another shape than its neighbour asks for.
    #[error("tensor {name}: expected shape {expected}, found {found}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape asked for.
        expected: String,
        /// Its shape.
        found: String,
    },
    /// Other layers than the hidden widths ask for.
    #[error("expected {expected}; found {found}{hint}")]
    Layers {
        /// The weights asked for, in order.
        expected: String,
        /// The weights there are.
        found: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// Numbers of a type that fude does not convert.
    #[error("tensor {name}: expected numbers of type F32, F16, BF16 or F64, found {found}")]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A value is no number.
    #[error("tensor {name}: value {index} is {value} as f32")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Where it stands, row by row.
        index: usize,
        /// NaN or an infinity.
        value: f32,
    },
}
