//! Checkpoints: as they come, and with a right header put before, since no fuzzer finds a SHA-256.

#![no_main]

use fude_train::Checkpoint;
use sha2::{Digest, Sha256};

/// `FUDECKPT`, version, payload length, SHA-256.
const HEADER: usize = 8 + 4 + 8 + 32;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::from_bytes(bytes);
    let payload = bytes.get(HEADER..).unwrap_or(bytes);
    let mut signed = b"FUDECKPT".to_vec();
    signed.extend(1u32.to_le_bytes());
    signed.extend((payload.len() as u64).to_le_bytes());
    signed.extend(Sha256::digest(payload));
    signed.extend(payload);
    if let Ok(checkpoint) = Checkpoint::from_bytes(&signed) {
        let written = checkpoint.to_bytes().expect("what was read can be written");
        assert!(Checkpoint::from_bytes(&written).is_ok(), "what was written can be read");
    }
});
