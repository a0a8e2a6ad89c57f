//! The md5 of raw content: a re-packed gz has another sum of its own and the same raw one.

use crate::DataError;
use crate::idx::{IMAGES_MAGIC, Images, LABELS_MAGIC};
use crate::source::Source;
use md5::{Digest, Md5};
use std::path::Path;

/// The md5 of a file's content, decompressed where it is gzip, as 32 hexadecimal digits.
///
/// # Errors
/// An unreadable file or a damaged gzip stream.
pub fn raw_md5(path: &Path) -> Result<String, DataError> {
    let mut md5 = Md5::new();
    Source::open(path)?.for_each_piece(|piece| md5.update(piece))?;
    Ok(digits(md5))
}

/// Checks [`raw_md5`] against a published sum.
///
/// # Errors
/// As [`raw_md5`], and another sum.
pub fn verify_raw_md5(path: &Path, expected: &str) -> Result<(), DataError> {
    let found = raw_md5(path)?;
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(DataError::Checksum { path: path.to_owned(), expected: expected.to_owned(), found })
}

/// The md5 of the idx file that holds these images: so npz and idx files of a set are recognised alike.
pub fn images_md5(images: &Images) -> String {
    let shape = [images.n, images.height, images.width].map(|axis| axis as u32);
    idx_md5(IMAGES_MAGIC, &shape, &images.pixels)
}

/// The md5 of the idx file that holds these labels.
pub fn labels_md5(labels: &[u8]) -> String {
    idx_md5(LABELS_MAGIC, &[labels.len() as u32], labels)
}

fn idx_md5(magic: u32, shape: &[u32], content: &[u8]) -> String {
    let mut md5 = Md5::new();
    md5.update(magic.to_be_bytes());
    for axis in shape {
        md5.update(axis.to_be_bytes());
    }
    md5.update(content);
    digits(md5)
}

fn digits(md5: Md5) -> String {
    md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
