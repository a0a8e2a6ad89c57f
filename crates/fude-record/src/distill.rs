//! The `[distill]` section: learning from other models beside the labels.

use crate::range::{RangeError, check};
use serde::{Deserialize, Serialize};

/// Who teaches, and how much. The teachers see each image as the student does, deformed alike (Beyer et al. 2022).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistillConfig {
    /// Run folders or safetensors files; the mean of several models' probabilities is taught.
    pub teachers: Vec<String>,
    /// T, by which logits are divided before the softmax of both (Hinton, Vinyals and Dean 2015).
    pub temperature: f64,
    /// The teachers' share of the loss, in [0, 1]; the rest is the labels'.
    pub weight: f64,
}

impl Default for DistillConfig {
    fn default() -> Self {
        Self { teachers: Vec::new(), temperature: 4.0, weight: 0.9 }
    }
}

impl DistillConfig {
    pub(crate) fn validate(&self) -> Result<(), RangeError> {
        check(!self.teachers.is_empty(), "distill.teachers", "one or more runs or model files", "none")?;
        let temperature = self.temperature;
        check((0.1..=100.0).contains(&temperature), "distill.temperature", "0.1 to 100", temperature)?;
        check((0.0..=1.0).contains(&self.weight), "distill.weight", "a share in [0, 1]", self.weight)
    }
}
