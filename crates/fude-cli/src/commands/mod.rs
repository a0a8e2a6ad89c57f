//! One module a command.

pub(crate) mod baseline;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod data;
pub(crate) mod devices;
pub(crate) mod distill;
#[cfg(feature = "gpu")]
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod lr_find;
pub(crate) mod predict;
pub(crate) mod prune;
pub(crate) mod quantize;
pub(crate) mod report;
pub(crate) mod results;
pub(crate) mod runs;
pub(crate) mod serve;
pub(crate) mod summary;
pub(crate) mod sweep;
pub(crate) mod train;
pub(crate) mod weigh;
