//! Normalisation of a hidden layer's linear output.

use serde::{Deserialize, Serialize};

/// What happens between `Linear` and the activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// Nothing.
    #[default]
    None,
    /// Layer normalisation over the H units of each sample, without parameters of its own: `(z - mean) / sqrt(var +
    /// eps)`, PyTorch's `LayerNorm(H, elementwise_affine=False)`. The next layer's weights can scale as well as a gain
    /// could, and models keep the parameter layout that they have without it.
    Layer,
}

impl Normalization {
    /// Added to the variance, PyTorch's default.
    pub const EPSILON: f32 = 1e-5;

    /// The name in experiment files and model metadata.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Layer => "layer",
        }
    }

    /// The normalisation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Layer].into_iter().find(|normalization| normalization.name() == name)
    }
}
