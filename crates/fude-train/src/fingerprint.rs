//! Short hashes of splits, by which a resumed run knows its data again.

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

/// Eight bytes of a SHA-256 over pixels and labels. The size of an image is the model's matter.
fn fingerprint(split: &Split) -> String {
    let mut hash = Sha256::new();
    hash.update(&split.pixels);
    hash.update(&split.labels);
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
