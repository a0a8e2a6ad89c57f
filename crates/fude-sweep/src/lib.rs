//! Searches over any key of an experiment, on the validation split alone.
//!
//! A [`Study`] says over what; a sampler proposes trials (random, or TPE after some random ones); successive halving ends
//! those that fall behind; a journal holds all of it, so that a search goes on after a kill. The test split is taken away
//! before the first trial: whatever is found is measured on it once, by training the best trial's experiment.

mod error;
mod halving;
mod identity;
mod journal;
mod range;
mod sampler;
mod study;
mod study_check;
mod study_file;
mod sweep;
mod trial;
mod watch;

pub use error::SweepError;
pub use halving::Halving;
pub use journal::Journal;
pub use range::{Range, RangeKind};
pub use study::{Objective, SamplerKind, Study};
pub use sweep::{Settings, Sweep, SweepEvent};
pub use trial::{Rung, State, Trial, by_quality};
