//! What a run is and what it leaves: the experiment schema, events, the run folder, metrics and the summary.
//!
//! Plain serde types, shared by the trainer, the reports and the command line. Nothing here knows an engine.

mod answers;
mod atomic;
mod augment;
mod calibration;
mod comparison;
mod culprit;
mod data;
mod distill;
mod event;
mod experiment;
mod hardest;
mod idle;
mod interval;
mod keys;
mod metrics;
mod new_file;
mod overrides;
mod parse;
mod prune;
mod range;
mod run_folder;
mod run_group;
mod run_list;
mod run_lock;
mod run_metrics;
mod spread;
mod summary;
mod train;
mod which_file;
mod wording;

pub use answers::Answers;
pub use atomic::write_atomically;
pub use augment::AugmentConfig;
pub use calibration::{CONFIDENCE_BINS, Calibration, ConfidenceBin, Labelled};
pub use comparison::{Comparison, Method, PairedBy};
pub use data::DataConfig;
pub use distill::DistillConfig;
pub use event::{EpochRecord, Event, LayerRecord, StepProgress};
pub use experiment::{
    CheckpointConfig, EarlyStopping, EvalConfig, Experiment, Monitor, NAMES_A_FOLDER, names_a_folder,
};
pub use hardest::{Hard, hardest};
pub use interval::share_interval;
pub use keys::dotted_keys;
pub use metrics::{
    ClassMetrics, Evaluation, Mistake, Softmax, accuracy_of, class_metrics, confusion_of, evaluate, worst_mistakes,
};
pub use new_file::write_new;
pub use overrides::Override;
pub use parse::ExperimentError;
pub use prune::PruneConfig;
pub use range::RangeError;
pub use run_folder::{RunFolder, RunFolderError, file};
pub use run_group::{Incomparable, compare_groups, compared_figure, group_spread, overlap, sampling_error};
pub use run_list::list_runs;
pub use run_lock::RunLock;
pub use spread::{Figure, Spread, spreads};
pub use summary::{Repeated, SUMMARY_SCHEMA, Summary};
pub use train::{Optimizer, Schedule, TrainConfig};
pub use wording::{in_plain_words, nearest};
