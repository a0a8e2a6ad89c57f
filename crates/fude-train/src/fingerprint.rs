//! Short hashes of splits and models, by which a resumed run knows its data and its teachers again.

use crate::{HeldOutPins, Prepared};
use fude_data::Split;
use sha2::{Digest, Sha256};

impl Prepared {
    /// That of the training images and labels.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.train)
    }

    /// Those of the validation and test images and labels.
    pub fn held_out_fingerprints(&self) -> HeldOutPins {
        HeldOutPins {
            validation: self.validation.as_deref().map(fingerprint),
            test: self.test.as_deref().map(fingerprint),
        }
    }
}

/// That of a model's parameters, to the bit.
pub(crate) fn of_parameters(values: &[f32]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    short_hash(&[&bytes])
}

/// The size of an image is the model's matter.
fn fingerprint(split: &Split) -> String {
    short_hash(&[&split.pixels, &split.labels])
}

/// Eight bytes of a SHA-256.
fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
