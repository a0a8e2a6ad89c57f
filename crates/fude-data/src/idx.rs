//! The idx format of the MNIST family, raw or gzip alike (told apart by content, not by name).
//!
//! Images: big-endian words 0x00000803, N, H, W, then `N * H * W` bytes; labels: 0x00000801, N, then N bytes.
//! Format: <http://yann.lecun.com/exdb/mnist/>.

use crate::DataError;
use crate::source::{MAX_BYTES, Source};
use std::path::Path;

/// Unsigned bytes in three dimensions.
pub(crate) const IMAGES_MAGIC: u32 = 0x0803;
/// Unsigned bytes in one dimension.
pub(crate) const LABELS_MAGIC: u32 = 0x0801;

/// The largest height or width: fude is for small images.
pub const MAX_SIDE: usize = 256;

/// N grey images as a file holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// N.
    pub n: usize,
    /// H, rows.
    pub height: usize,
    /// W, columns.
    pub width: usize,
    /// `[N, H, W]`.
    pub pixels: Vec<u8>,
}

/// Reads images `[N, H, W]`; N may be 0.
///
/// # Errors
/// An unreadable file, another magic number, H or W outside 1 to [`MAX_SIDE`], more than 2 GiB, too few or too many bytes.
pub fn read_images(path: &Path) -> Result<Images, DataError> {
    images(Source::open(path)?)
}

/// Reads images from a file's bytes; `path` is for messages.
///
/// # Errors
/// As [`read_images`].
pub fn parse_images(bytes: &[u8], path: &Path) -> Result<Images, DataError> {
    images(Source::of(bytes, path)?)
}

/// Reads labels `[N]`; N may be 0.
///
/// # Errors
/// An unreadable file, another magic number, too few or too many bytes.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    labels(Source::open(path)?)
}

/// Reads labels from a file's bytes; `path` is for messages.
///
/// # Errors
/// As [`read_labels`].
pub fn parse_labels(bytes: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    labels(Source::of(bytes, path)?)
}

fn images(mut source: Source<'_>) -> Result<Images, DataError> {
    expect_magic(&mut source, IMAGES_MAGIC, "idx images")?;
    let [n, height, width] = [source.word()?, source.word()?, source.word()?].map(|word| word as usize);
    let bytes = image_bytes(source.path(), n, height, width)?;
    Ok(Images { n, height, width, pixels: source.rest(bytes)? })
}

fn labels(mut source: Source<'_>) -> Result<Vec<u8>, DataError> {
    expect_magic(&mut source, LABELS_MAGIC, "idx labels")?;
    let n = source.word()?;
    let bytes = label_bytes(source.path(), n as usize, 1)?;
    source.rest(bytes)
}

fn expect_magic(source: &mut Source<'_>, expected: u32, kind: &str) -> Result<(), DataError> {
    let found = source.word()?;
    if found == expected {
        return Ok(());
    }
    let path = source.path().to_owned();
    Err(DataError::BadMagic { path, expected: format!("{expected:#010x} ({kind})"), found: format!("{found:#010x}") })
}

/// The bytes of images `[N, H, W]`, where the shape is one that fude reads.
pub(crate) fn image_bytes(path: &Path, n: usize, height: usize, width: usize) -> Result<u64, DataError> {
    let sides = 1..=MAX_SIDE;
    let bytes =
        (n as u64).checked_mul((height as u64).saturating_mul(width as u64)).filter(|&bytes| bytes <= MAX_BYTES);
    match bytes {
        Some(bytes) if sides.contains(&height) && sides.contains(&width) => Ok(bytes),
        _ => Err(DataError::BadShape {
            path: path.to_owned(),
            expected: format!("[N, H, W] with H and W from 1 to {MAX_SIDE} and at most {MAX_BYTES} bytes"),
            found: format!("[{n}, {height}, {width}]"),
        }),
    }
}

/// The bytes of labels `[N]` of `size` bytes each, where no image set could have more.
pub(crate) fn label_bytes(path: &Path, n: usize, size: u64) -> Result<u64, DataError> {
    (n as u64).checked_mul(size).filter(|&bytes| bytes <= MAX_BYTES).ok_or_else(|| DataError::BadShape {
        path: path.to_owned(),
        expected: format!("[N] with at most {MAX_BYTES} bytes"),
        found: format!("[{n}]"),
    })
}
