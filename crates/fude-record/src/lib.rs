//! What a run is and what it leaves: the experiment schema, events, the run folder, metrics and the summary.
//!
//! Plain serde types, shared by the trainer, the reports and the command line. Nothing here knows an engine.

mod augment;
mod event;
mod experiment;
mod metrics;
mod parse;
mod range;
mod run_folder;
mod run_lock;
mod summary;

pub use augment::AugmentConfig;
pub use event::{EpochRecord, Event, StepProgress};
pub use experiment::{
    CheckpointConfig, DataConfig, EarlyStopping, EvalConfig, Experiment, Monitor, Optimizer, Schedule, TrainConfig,
};
pub use metrics::{ClassMetrics, Evaluation, Mistake, Softmax, evaluate, worst_mistakes};
pub use parse::{ExperimentError, Override};
pub use range::RangeError;
pub use run_folder::{RunFolder, RunFolderError, file, list_runs, write_atomically};
pub use run_lock::RunLock;
pub use summary::{SUMMARY_SCHEMA, Summary};
