//! What a run's bits depend on beside its experiment, and must find again when it is resumed.

use crate::{Checkpoint, Prepared, TrainError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What decides a run's bits beside the experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pins {
    /// `burn` or `fused`.
    pub engine: String,
    /// The device's name.
    pub device: String,
    /// API and driver, or SIMD level and thread count.
    pub detail: String,
    /// The training images' fingerprint.
    pub data: String,
    /// The fingerprints of the other splits; none in checkpoints of the first versions.
    #[serde(default)]
    pub held_out: Option<HeldOutPins>,
    /// The fingerprints of the teachers' parameters; none in checkpoints of the first versions.
    #[serde(default)]
    pub teachers: Option<Vec<String>>,
    /// fude's version.
    pub version: String,
}

/// The fingerprints of the splits that nothing is trained on; none where there is no such split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOutPins {
    /// The validation images' fingerprint.
    pub validation: Option<String>,
    /// The test images' fingerprint.
    pub test: Option<String>,
}

impl Pins {
    /// What differs between two, in words; empty where nothing does.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let fields = |pins: &Self| {
            BTreeMap::from([
                ("engine", pins.engine.clone()),
                ("device", pins.device.clone()),
                ("device details", pins.detail.clone()),
                ("fude", pins.version.clone()),
            ])
        };
        let (mine, theirs) = (fields(self), fields(other));
        let differing = mine.iter().filter(|(key, value)| &theirs[*key] != *value);
        let mut words: Vec<String> =
            differing.map(|(key, value)| format!("{key}: {value}, now {}", theirs[key])).collect();
        if self.teachers.is_some() && self.teachers != other.teachers {
            words.push("teachers: their weights are others now".to_owned());
        }
        words
    }

    /// The first split of `data` that is not the one pinned, with both fingerprints.
    fn other_split(&self, data: &Prepared) -> Option<(&'static str, String, String)> {
        let found = data.held_out_fingerprints();
        let none = || "none".to_owned();
        let mut splits = vec![("training", self.data.clone(), data.fingerprint())];
        if let Some(pinned) = self.held_out.clone() {
            let pair =
                |mine: Option<String>, theirs: Option<String>| (mine.unwrap_or_else(none), theirs.unwrap_or_else(none));
            let (validation, test) = (pair(pinned.validation, found.validation), pair(pinned.test, found.test));
            splits.extend([("validation", validation.0, validation.1), ("test", test.0, test.1)]);
        }
        splits.into_iter().find(|(_, expected, found)| expected != found)
    }
}

impl Checkpoint {
    /// Checks that these are the data that the run was started with: all splits, or the training images alone where
    /// the checkpoint is of a version that pinned no others.
    ///
    /// # Errors
    /// The split that is another, with the two fingerprints.
    pub fn require_data(&self, data: &Prepared) -> Result<(), TrainError> {
        let Some((split, expected, found)) = self.pins.other_split(data) else { return Ok(()) };
        Err(TrainError::Mismatch(format!(
            "the {split} images of {} are not those that this run was started with: expected fingerprint {expected}, \
             found {found}",
            data.dataset
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint_bytes::tests::example;

    #[test]
    fn only_what_decides_the_bits_counts_as_a_difference() {
        let pins = example().pins;
        assert!(pins.differences(&pins).is_empty());
        let other = Pins { device: "another".into(), ..pins.clone() };
        assert_eq!(pins.differences(&other), ["device: some processor, now another"]);
        let taught = |by: &str| Pins { teachers: Some(vec![by.into()]), ..pins.clone() };
        assert_eq!(taught("a").differences(&taught("b")), ["teachers: their weights are others now"]);
        assert!(pins.differences(&taught("b")).is_empty(), "an older checkpoint tells of none");
    }
}
