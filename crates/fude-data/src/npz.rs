//! KMNIST's other official form: NumPy arrays `arr_0` in npz archives, images `[N, H, W]` and labels `[N]`.

use crate::DataError;
use crate::idx::{Images, image_bytes, label_bytes};
use crate::npy::{Header, bad, read_header};
use crate::source::Source;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use zip::ZipArchive;

/// The array's name in every archive that `numpy.savez(file, array)` wrote.
const ENTRY: &str = "arr_0.npy";

/// Reads images `[N, H, W]` of type u8; N may be 0.
///
/// # Errors
/// An unreadable or damaged archive, another type, order or shape, too few or too many bytes.
pub fn read_images(path: &Path) -> Result<Images, DataError> {
    from_file(path, images)
}

/// Reads images from an archive's bytes; `path` is for messages.
///
/// # Errors
/// As [`read_images`].
pub fn parse_images(bytes: &[u8], path: &Path) -> Result<Images, DataError> {
    from_entry(path, Cursor::new(bytes), bytes.len() as u64, images)
}

/// Reads labels `[N]` of any integer type; N may be 0.
///
/// # Errors
/// As [`read_images`], and a label outside 0 to 255.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    from_file(path, labels)
}

/// Reads labels from an archive's bytes; `path` is for messages.
///
/// # Errors
/// As [`read_labels`].
pub fn parse_labels(bytes: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    from_entry(path, Cursor::new(bytes), bytes.len() as u64, labels)
}

fn from_file<T>(path: &Path, decode: fn(Source<'_>) -> Result<T, DataError>) -> Result<T, DataError> {
    let file = File::open(path).map_err(DataError::io(path))?;
    let stored = file.metadata().map_err(DataError::io(path))?.len();
    from_entry(path, BufReader::new(file), stored, decode)
}

fn from_entry<R: Read + Seek, T>(
    path: &Path,
    reader: R,
    stored: u64,
    decode: fn(Source<'_>) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let damaged =
        |error: zip::result::ZipError| DataError::BadArchive { path: path.to_owned(), why: error.to_string() };
    let mut archive = ZipArchive::new(reader).map_err(damaged)?;
    let entry = archive.by_name(ENTRY).map_err(|error| match error {
        zip::result::ZipError::FileNotFound => bad(path, &format!("an array {ENTRY}"), "none of that name"),
        other => damaged(other),
    })?;
    decode(Source::new(path, entry, stored))
}

fn images(mut source: Source<'_>) -> Result<Images, DataError> {
    let header = read_header(&mut source)?;
    match (number_type(&header.descr), header.shape.as_slice()) {
        (Some(NumberType { size: 1, signed: false, .. }), &[n, height, width]) => {
            let bytes = image_bytes(source.path(), n, height, width)?;
            Ok(Images { n, height, width, pixels: source.rest(bytes)? })
        }
        _ => Err(bad(source.path(), "an array [N, H, W] of type |u1", &describe(&header))),
    }
}

fn labels(mut source: Source<'_>) -> Result<Vec<u8>, DataError> {
    let header = read_header(&mut source)?;
    match (number_type(&header.descr), header.shape.as_slice()) {
        (Some(number), &[n]) => {
            let path = source.path();
            let bytes = source.rest(label_bytes(path, n, number.size as u64)?)?;
            to_labels(&bytes, number, path)
        }
        _ => Err(bad(source.path(), "an array [N] of integers", &describe(&header))),
    }
}

fn describe(header: &Header) -> String {
    format!("shape {:?} of type {}", header.shape, header.descr)
}

/// How an integer is stored.
#[derive(Clone, Copy)]
struct NumberType {
    size: usize,
    signed: bool,
    big_endian: bool,
}

/// `|u1`, `<i8` and the like; none for floats and whatever else NumPy has.
fn number_type(descr: &str) -> Option<NumberType> {
    let &[order @ (b'|' | b'<' | b'>'), kind @ (b'u' | b'i'), size @ (b'1' | b'2' | b'4' | b'8')] = descr.as_bytes()
    else {
        return None;
    };
    Some(NumberType { size: usize::from(size - b'0'), signed: kind == b'i', big_endian: order == b'>' })
}

fn to_labels(bytes: &[u8], number: NumberType, path: &Path) -> Result<Vec<u8>, DataError> {
    let values = bytes.chunks_exact(number.size).map(|value| integer(value, number));
    let convert = |(index, label): (usize, i128)| {
        u8::try_from(label).map_err(|_| DataError::LabelOutOfRange {
            path: path.to_owned(),
            index,
            label,
            classes: 256,
        })
    };
    values.enumerate().map(convert).collect()
}

/// An integer of up to eight bytes; i128 holds every u64 and i64.
fn integer(bytes: &[u8], number: NumberType) -> i128 {
    let push = |value: i128, &byte: &u8| value << 8 | i128::from(byte);
    let value = if number.big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) };
    let range = 1i128 << (8 * bytes.len());
    if number.signed && value >= range / 2 { value - range } else { value }
}
