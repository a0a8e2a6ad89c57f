//! Why there is no prediction.

use fude_data::DataError;
use fude_engine::EngineError;
use fude_model::ModelFileError;
use std::io;
use std::path::PathBuf;

/// Why a picture or a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// A picture that cannot be read.
    #[error(transparent)]
    Picture(#[from] DataError),
    /// A picture without ink.
    #[error("{}: expected a character that stands out from its ground, found none", path.display())]
    Blank {
        /// The file.
        path: PathBuf,
    },
    /// A folder in which there is no picture, at any depth.
    #[error("{}: expected PNG, JPEG or BMP files, found none", path.display())]
    NoPictures {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A model file that cannot be read.
    #[error("{}: {source}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ModelFileError,
    },
    /// What a model file says of itself does not fit its weights.
    #[error("metadata {key}: expected {expected}, found '{found}'")]
    Metadata {
        /// The key.
        key: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The model could not be evaluated.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
