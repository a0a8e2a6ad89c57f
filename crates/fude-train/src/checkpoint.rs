//! A checkpoint: everything that a run needs to go on as if it had never stopped.

use crate::Pins;
use fude_engine::TrainState;
use fude_record::EpochRecord;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a checkpoint holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How far the run has come.
    pub progress: Progress,
    /// What must be the same for the resumed run to give the same bits.
    pub pins: Pins,
    /// Every finished epoch.
    pub records: Vec<EpochRecord>,
    /// The model and its optimiser.
    pub state: TrainState,
    /// The parameters `[P]` of the best epoch, where the run will restore them.
    pub best: Option<Vec<f32>>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs that are done.
    pub epoch: u32,
    /// Steps of the next epoch that are done.
    pub step: u32,
    /// Seconds that those steps took.
    pub step_seconds: f64,
    /// Seconds that the run took so far, resumed parts added up.
    pub seconds: f64,
}

/// Why bytes are no checkpoint that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is damaged, or no checkpoint at all.
    #[error("{}: {why}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        why: String,
    },
}

impl Checkpoint {
    /// Reads a checkpoint file.
    ///
    /// # Errors
    /// Where the file cannot be read, or is damaged.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes).map_err(|why| CheckpointError::Corrupt { path: path.to_owned(), why })
    }
}
