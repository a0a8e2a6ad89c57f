//! What can end a search.

use std::path::PathBuf;

/// Why a search could not be made, or did not go on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The study file is wrong.
    #[error("{}: {why}", path.display())]
    Study {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// A proposed experiment is none, which is the study's fault: a range beyond what the key may be.
    #[error("{0}")]
    Experiment(#[from] fude_record::ExperimentError),
    /// The journal could not be read or written.
    #[error("{}: {source}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal is of another study, or another process has it.
    #[error("{}: {why}", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        why: String,
    },
    /// A trial could not be trained.
    #[error(transparent)]
    Train(#[from] fude_train::TrainError),
}

impl SweepError {
    /// Whether it is this trial's values that cannot be trained, and others might be.
    pub(crate) fn is_refusal(&self) -> bool {
        use fude_engine::EngineError;
        use fude_train::TrainError;
        matches!(
            self,
            Self::Experiment(_)
                | Self::Train(TrainError::Mismatch(_) | TrainError::Engine(EngineError::Unsupported { .. }))
        )
    }
}
