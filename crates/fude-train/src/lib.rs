//! The training loop: plan, train, evaluate, record, decide. It emits events and prints nothing.

mod checkpoint;
mod checkpoint_writer;
mod data;
mod epoch;
mod error;
mod mixup;
mod observer;
mod patience;
mod plan;
mod request;
mod resume;
mod score;
mod session;
mod splits;
mod summarise;

pub use checkpoint::{Checkpoint, CheckpointError, Pins, Progress};
pub use data::{Prepared, prepare};
pub use error::TrainError;
pub use observer::{Observer, StopFlag};
pub use patience::{Patience, Verdict};
pub use plan::{augmentation, epoch_plan, learning_rate};
pub use request::TrainRequest;
pub use resume::{latest_checkpoint, newest_unfinished};
pub use score::{Scored, score};
pub use session::{Outcome, train};
