//! What can end a run.

use crate::CheckpointError;
use fude_engine::EngineError;
use fude_record::RunFolderError;

/// Why a run ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The data could not be had.
    #[error(transparent)]
    Data(#[from] fude_data::DataError),
    /// Training or evaluation failed, among others because the loss is no number any more.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The run folder could not be written.
    #[error(transparent)]
    Folder(#[from] RunFolderError),
    /// A checkpoint could not be written or used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A model file could not be made.
    #[error("best.safetensors: {0}")]
    Model(#[from] fude_model::ModelFileError),
    /// The experiment and the data do not go together.
    #[error("{0}")]
    Mismatch(String),
}

impl TrainError {
    /// Whether the loss became NaN or infinite.
    pub fn is_non_finite(&self) -> bool {
        matches!(self, Self::Engine(EngineError::NonFinite { .. }))
    }
}
