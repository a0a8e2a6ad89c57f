//! The bytes of a checkpoint file.
//!
//! Form: `FUDECKPT`, version (u32), payload length (u64), SHA-256 of the payload, payload; integers little-endian. The
//! payload is a safetensors file: the engine's tensors by name, everything else as JSON in its metadata.

use crate::Checkpoint;
use fude_engine::{NamedTensor, TrainState};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

const MAGIC: &[u8; 8] = b"FUDECKPT";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 + 32;

impl Checkpoint {
    /// The bytes of the file.
    ///
    /// # Errors
    /// Only what the safetensors library refuses, in words.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        Ok(framed(&self.payload().map_err(|error| error.to_string())?))
    }

    fn payload(&self) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let metadata = HashMap::from([
            ("progress".to_owned(), serde_json::to_string(&self.progress)?),
            ("pins".to_owned(), serde_json::to_string(&self.pins)?),
            ("records".to_owned(), serde_json::to_string(&self.records)?),
            ("scalars".to_owned(), serde_json::to_string(&self.state.scalars)?),
            ("state_version".to_owned(), self.state.version.to_string()),
        ]);
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (name, tensor) in &self.state.tensors {
            tensors.push((format!("state.{name}"), tensor.shape.clone(), bytes_of(&tensor.values)));
        }
        if let Some(best) = &self.best {
            tensors.push(("best".to_owned(), vec![best.len()], bytes_of(best)));
        }
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
        Ok(safetensors::serialize(views, Some(metadata))?)
    }

    /// Reads a checkpoint's bytes.
    ///
    /// # Errors
    /// What was expected and found instead.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let payload = checked_payload(bytes)?;
        let damaged = |error: &dyn std::fmt::Display| format!("damaged checkpoint: {error}");
        let (_, header) = SafeTensors::read_metadata(payload).map_err(|error| damaged(&error))?;
        let tensors = SafeTensors::deserialize(payload).map_err(|error| damaged(&error))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let mut state = TrainState { version: field(&metadata, "state_version")?, ..TrainState::new() };
        state.scalars = field(&metadata, "scalars")?;
        let mut best = None;
        for (name, view) in tensors.iter() {
            let values = floats(name, &view)?;
            match name.strip_prefix("state.") {
                Some(name) => {
                    state.tensors.insert(name.to_owned(), NamedTensor { shape: view.shape().to_vec(), values });
                }
                None if name == "best" => best = Some(values),
                None => return Err(format!("damaged checkpoint: unknown tensor '{name}'")),
            }
        }
        let (progress, pins) = (field(&metadata, "progress")?, field(&metadata, "pins")?);
        Ok(Self { progress, pins, records: field(&metadata, "records")?, state, best })
    }
}

/// Magic, version, length and checksum, and then the payload.
fn framed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(Sha256::digest(payload));
    bytes.extend(payload);
    bytes
}

/// The payload, once magic, version, length and checksum are right.
fn checked_payload(bytes: &[u8]) -> Result<&[u8], String> {
    let (Some(header), Some(payload)) = (bytes.get(..HEADER), bytes.get(HEADER..)) else {
        return Err(format!("truncated checkpoint: expected at least {HEADER} bytes, found {}", bytes.len()));
    };
    if &header[..8] != MAGIC {
        return Err("not a checkpoint: it does not begin with FUDECKPT".into());
    }
    let number = |range: std::ops::Range<usize>| {
        header[range].iter().rev().fold(0u64, |value, &byte| (value << 8) | u64::from(byte))
    };
    if number(8..12) != u64::from(VERSION) {
        return Err(format!("checkpoint of version {}: this fude reads version {VERSION}", number(8..12)));
    }
    if number(12..20) != payload.len() as u64 {
        return Err(format!(
            "truncated checkpoint: expected {} bytes of payload, found {}",
            number(12..20),
            payload.len()
        ));
    }
    if Sha256::digest(payload).as_slice() != &header[20..52] {
        return Err("damaged checkpoint: its checksum is wrong".into());
    }
    Ok(payload)
}

fn field<T: for<'a> Deserialize<'a>>(metadata: &HashMap<String, String>, key: &str) -> Result<T, String> {
    let text = metadata.get(key).ok_or_else(|| format!("damaged checkpoint: no '{key}'"))?;
    serde_json::from_str(text).map_err(|error| format!("damaged checkpoint: '{key}': {error}"))
}

fn floats(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, String> {
    if view.dtype() != Dtype::F32 {
        return Err(format!("damaged checkpoint: tensor '{name}': expected F32, found {:?}", view.dtype()));
    }
    Ok(view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Pins, Progress};
    use proptest::prelude::*;

    pub(crate) fn example() -> Checkpoint {
        let mut state = TrainState::new();
        state.put("parameters", vec![1.0, -2.5, f32::MIN_POSITIVE]);
        state.scalars.insert("adam.step".into(), 17.0);
        state.scalars.insert("epoch.loss".into(), 0.1 + 0.2);
        let pins = Pins {
            engine: "burn".into(),
            device: "some processor".into(),
            detail: "AVX2+FMA, 2 threads".into(),
            data: "00ff".into(),
            held_out: None,
            teachers: None,
            version: "0.1.0".into(),
        };
        let progress = Progress { epoch: 3, step: 7, step_seconds: 0.1, seconds: 1.0 / 3.0 };
        Checkpoint { progress, pins, records: Vec::new(), state, best: Some(vec![0.5; 3]) }
    }

    #[test]
    fn a_checkpoint_comes_back_to_the_bit() {
        let checkpoint = example();
        assert_eq!(Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap(), checkpoint);
    }

    /// Written before the held-out splits had fingerprints: its pins have no such key.
    #[test]
    fn a_checkpoint_of_an_older_fude_is_still_read() {
        let bytes = example().to_bytes().unwrap();
        let key = b",\\\"held_out\\\":null";
        let start = bytes.windows(key.len()).position(|window| window == key).expect("the key in the header");
        let mut payload = bytes[HEADER..].to_vec();
        // Blanks keep the lengths that the safetensors header tells.
        payload[start - HEADER..][..key.len()].fill(b' ');
        assert_eq!(Checkpoint::from_bytes(&framed(&payload)).unwrap(), example());
    }

    #[test]
    fn damage_is_named() {
        let good = example().to_bytes().unwrap();
        let error = |bytes: &[u8]| Checkpoint::from_bytes(bytes).unwrap_err();
        assert!(error(&good[..10]).starts_with("truncated checkpoint: expected at least 52 bytes, found 10"));
        assert!(error(&good[..good.len() - 1]).starts_with("truncated checkpoint: expected"));
        assert!(error(b"PK\x03\x04 something else, long enough to be read as a header....").starts_with("not a"));
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(error(&flipped), "damaged checkpoint: its checksum is wrong");
        let mut newer = good;
        newer[8] = 9;
        assert_eq!(error(&newer), "checkpoint of version 9: this fude reads version 1");
    }

    proptest! {
        /// Also with a right checksum over the damage: the payload's own reader must hold.
        #[test]
        fn mutated_bytes_never_panic(position in 0usize..2000, value: u8, cut in 0usize..2000, sign: bool) {
            let mut bytes = example().to_bytes().unwrap();
            let position = position % bytes.len();
            bytes[position] = value;
            bytes.truncate(bytes.len() - cut % bytes.len());
            if sign && bytes.len() >= HEADER {
                bytes = framed(&bytes[HEADER..]);
            }
            let _ = Checkpoint::from_bytes(&bytes);
        }
    }
}
