//! What can go wrong in a benchmark.

use fude_engine::{DeviceError, EngineError};
use fude_train::TrainError;
use std::io;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The data, or the experiment with them.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The experiment asks for what is not measured.
    #[error("{experiment}: {why}")]
    Experiment {
        /// Its name.
        experiment: String,
        /// What is not measured.
        why: String,
    },
    /// A process that a row is measured in could not do it, and said why.
    #[error("{0}")]
    Said(String),
    /// A process ended, or said what nobody understands.
    #[error("expected {expected}, found {found}")]
    Protocol {
        /// The line that was due.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// A program that cannot be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// Its name.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The images could not be left for other programs, or a pipe broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// No row could be measured.
    #[error("nothing was measured: {0}")]
    Nothing(String),
}
