//! Activation functions, in PyTorch's definitions.

use serde::{Deserialize, Serialize};

/// The non-linearity after each hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x/2 * (1 + erf(x / sqrt(2)))`, PyTorch's default (exact) GELU.
    Gelu,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The name in experiment files and model metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Tanh => "tanh",
        }
    }

    /// The activation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Relu, Self::Gelu, Self::Tanh].into_iter().find(|activation| activation.name() == name)
    }
}
