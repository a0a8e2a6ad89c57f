//! The training loop: plan, train, evaluate, record, decide. It emits events and prints nothing.

mod checkpoint;
mod checkpoint_bytes;
mod checkpoint_writer;
mod classes;
mod data;
mod engine_choice;
mod ensemble;
mod epoch;
mod error;
mod fingerprint;
mod layer_statistics;
mod lr_find;
mod mixup;
mod observer;
mod patience;
mod pins;
mod plan;
mod prepared_cache;
mod prune;
mod request;
mod resume;
mod score;
mod seen;
mod session;
mod splits;
mod summarise;
mod teachers;
mod trial;

pub use checkpoint::{Checkpoint, CheckpointError, Progress};
pub use classes::compare_classes;
pub use data::{Prepared, prepare, prepare_to_resume};
pub use engine_choice::models_at_once;
pub use ensemble::{Looks, MeanProbabilities};
pub use error::TrainError;
pub use lr_find::{LrFound, LrRange, LrStep, find_learning_rate};
pub use observer::{Observer, StopFlag, StopOnPanic};
pub use patience::{Patience, Verdict};
pub use pins::{HeldOutPins, Pins};
pub use plan::{augmentation, epoch_plan, learning_rate};
pub use prepared_cache::PreparedCache;
pub use request::{Fitted, TrainRequest, engine_spec, fit_to_data};
pub use resume::{latest_checkpoint, newest_unfinished};
pub use score::{Scored, score};
pub use seen::warning_of_seen;
pub use session::{Outcome, train};
pub use trial::{
    Contender, Figure, Timed, Trial, TrialMemory, TrialRequest, Tried, Untimed, choose_by_trial, fastest, machine,
};
