//! Why a picture cannot be made.

use std::io;
use std::path::PathBuf;

/// Why a picture cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Data of one shape were needed and another came.
    #[error("{what}: expected {expected}, found {found}")]
    Shape {
        /// What has the wrong shape.
        what: String,
        /// The shape needed.
        expected: String,
        /// The shape given.
        found: String,
    },
    /// The picture would have more pixels than any viewer shows.
    #[error("picture of {width} x {height} pixels: expected at most {most} pixels in all")]
    TooLarge {
        /// Pixels across.
        width: u64,
        /// Pixels down.
        height: u64,
        /// The most pixels a picture may have.
        most: u64,
    },
    /// The PNG encoder failed.
    #[error("PNG not encoded: {0}")]
    Encode(#[from] image::ImageError),
    /// The file was not written; an older one is untouched.
    #[error("{path}: not written: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ReportError {
    /// A [`ReportError::Shape`].
    pub(crate) fn shape(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        Self::Shape { what: what.into(), expected: expected.to_string(), found: found.to_string() }
    }
}

/// Checks that an image has `height * width` pixels, and some.
pub(crate) fn check_image(what: impl Fn() -> String, pixels: &[u8], size: [usize; 2]) -> Result<(), ReportError> {
    let [height, width] = size;
    let expected = height.checked_mul(width).filter(|&area| area > 0);
    if expected == Some(pixels.len()) {
        return Ok(());
    }
    Err(ReportError::shape(what(), format!("{height} x {width} pixels"), pixels.len()))
}
