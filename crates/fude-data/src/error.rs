//! Why data could not be read.

use std::path::{Path, PathBuf};

/// What went wrong, with the path, what was expected there and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A data set or folder is nowhere.
    #[error("{what} not found; looked in {}; {remedy}", list(looked))]
    NotFound {
        /// What was looked for.
        what: String,
        /// Where.
        looked: Vec<PathBuf>,
        /// How to provide it.
        remedy: String,
    },
    /// A folder without anything that is read from folders.
    #[error("{path}: expected {expected}, found {found}")]
    Unrecognised {
        /// The folder.
        path: PathBuf,
        /// What it may hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// One file of a pair is there, the other is not.
    #[error("{path}: expected {missing} beside it, found none")]
    Incomplete {
        /// The file that is there.
        path: PathBuf,
        /// The names of the one that is not.
        missing: String,
    },
    /// The first bytes are those of another kind of file.
    #[error("{path}: expected {expected} at its start, found {found}")]
    BadMagic {
        /// The file.
        path: PathBuf,
        /// The bytes that such a file starts with.
        expected: String,
        /// Its first bytes.
        found: String,
    },
    /// The content ends before its header's promise is kept.
    #[error("{path}: truncated: expected {expected} bytes of content, found {found}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the header asks for, decompressed.
        expected: u64,
        /// Bytes that are there, decompressed.
        found: u64,
    },
    /// The content goes on after its end.
    #[error("{path}: oversized: expected {expected} bytes of content, found more")]
    Oversized {
        /// The file.
        path: PathBuf,
        /// Bytes that the header asks for, decompressed.
        expected: u64,
    },
    /// An array's shape or type is not one of images or labels.
    #[error("{path}: expected {expected}, found {found}")]
    BadShape {
        /// The file.
        path: PathBuf,
        /// The shape or type asked for.
        expected: String,
        /// The file's.
        found: String,
    },
    /// Images and labels of a pair differ in number.
    #[error("{images} has {n_images} images, but {labels} has {n_labels} labels; expected as many")]
    CountMismatch {
        /// The images' file.
        images: PathBuf,
        /// N of the images.
        n_images: usize,
        /// The labels' file.
        labels: PathBuf,
        /// N of the labels.
        n_labels: usize,
    },
    /// Training and test images differ in size.
    #[error("{path}: expected test images of {}x{}, as the training images are, found {}x{}", train.0, train.1, test.0, test.1)]
    SizeMismatch {
        /// The test images.
        path: PathBuf,
        /// (H, W) of the training images.
        train: (usize, usize),
        /// (H, W) of the test images.
        test: (usize, usize),
    },
    /// A label names no class.
    #[error("{path}: label {index}: expected 0 to {}, found {label}", classes.saturating_sub(1))]
    LabelOutOfRange {
        /// The labels' file.
        path: PathBuf,
        /// Position of the label.
        index: usize,
        /// Its value.
        label: i128,
        /// O, the number of classes.
        classes: usize,
    },
    /// The raw content is not the one that was asked for.
    #[error("{path}: expected raw content with md5 {expected}, found {found}")]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The md5 asked for.
        expected: String,
        /// The file's.
        found: String,
    },
    /// A picture that cannot be decoded.
    #[error("{path}: expected a readable PNG, JPEG or BMP image, found: {why}")]
    BadImage {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        why: String,
    },
    /// A damaged gz or npz file.
    #[error("{path}: expected a sound archive, found: {why}")]
    BadArchive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No images where there should be some.
    #[error("{path}: expected at least one image, found none")]
    Empty {
        /// The file or folder.
        path: PathBuf,
    },
    /// Too few images to hold some of them out.
    #[error(
        "{what}: too few images for {setting} = {fraction}: expected one or more on either side of the cut, found \
         {images} in all; 0 holds none out"
    )]
    TooFew {
        /// The folder or set.
        what: String,
        /// The option, as experiment files call it.
        setting: &'static str,
        /// The share to hold out.
        fraction: f64,
        /// Images to be cut.
        images: usize,
    },
    /// An option outside its range.
    #[error("{name}: expected {expected}, found {found}")]
    BadSetting {
        /// The option, as experiment files call it.
        name: &'static str,
        /// Its range.
        expected: String,
        /// Its value.
        found: String,
    },
}

impl DataError {
    /// Says whose images were to be cut, and which option asked for it, where the error is [`Self::TooFew`].
    #[must_use]
    pub fn of(self, option: &'static str, images_of: &str) -> Self {
        match self {
            Self::TooFew { fraction, images, .. } => {
                Self::TooFew { what: images_of.to_owned(), setting: option, fraction, images }
            }
            other => other,
        }
    }

    /// Whether a setting is at fault, and not what was read.
    pub fn is_bad_setting(&self) -> bool {
        matches!(self, Self::BadSetting { .. } | Self::TooFew { .. })
    }

    /// For `map_err` on anything of `std::fs`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// For errors of a decompressing reader: those without a system's error code come from the content.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| match source.raw_os_error() {
            Some(_) => Self::Io { path: path.to_owned(), source },
            None => Self::BadArchive { path: path.to_owned(), why: source.to_string() },
        }
    }
}

/// Paths as a phrase.
fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    if names.is_empty() { "no folder".to_owned() } else { names.join(", ") }
}
