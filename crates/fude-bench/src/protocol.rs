//! What is said between a benchmark and the processes that its rows are measured in: JSON, a line a message.
//!
//! 1. The process is started and reads its [`Order`] from stdin.
//! 2. It loads the data, opens the device, trains one step, and says [`Ready`] on stdout.
//! 3. For each line `epoch` it trains an epoch and says [`EpochDone`].
//! 4. At the end of stdin it says [`Closing`] and ends.
//!
//! Instead of any of these it may say `{"error": "why"}` and end. `experiments/peers/` has a peer in Python.

use fude_record::Experiment;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The line that asks for an epoch.
pub(crate) const EPOCH: &str = "epoch";

/// What to measure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The experiment with all its defaults; the model's inputs and outputs are the data's.
    pub experiment: Experiment,
    /// `burn` or `fused`; none leaves it to the process.
    pub engine: Option<String>,
    /// `auto`, `gpu`, `cpu` or a part of a device's name; none leaves it to the process.
    pub device: Option<String>,
    /// Whether software adapters count as GPUs.
    pub allow_software: bool,
    /// M, models trained at once.
    pub models: usize,
    /// The processor's name.
    pub cpu: String,
    /// Threads that a process may use on it.
    pub threads: usize,
    /// N, where the data are to be repeated or cut to it.
    pub images: Option<usize>,
    /// The training images as files, for programs that are not fude.
    pub raw: Option<RawImages>,
}

/// Training images as plain bytes in files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawImages {
    /// Grey values `[N, I]`, a byte each.
    pub pixels: PathBuf,
    /// Class indices `[N]`, a byte each.
    pub labels: PathBuf,
    /// N.
    pub images: usize,
    /// I.
    pub inputs: usize,
    /// O.
    pub classes: usize,
}

/// The first step is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// `burn`, `fused`, or whatever another program calls itself.
    pub engine: String,
    /// The device's name.
    pub device: String,
    /// `gpu` or `cpu`.
    pub device_kind: String,
    /// API and driver, SIMD level and threads, versions.
    #[serde(default)]
    pub detail: String,
    /// N, images of an epoch.
    pub images: usize,
    /// Dispatches a step, where known.
    #[serde(default)]
    pub dispatches_per_step: Option<u32>,
}

/// An epoch is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochDone {
    /// How long it took, from its plan to its last result on the host.
    pub epoch_seconds: f64,
    /// Bytes that the process holds in the machine's memory now, where known.
    #[serde(default)]
    pub host_bytes: Option<u64>,
    /// Bytes that it holds on the device now, data included, where known.
    #[serde(default)]
    pub device_bytes: Option<u64>,
}

/// The process ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// Bytes that it held on the device, data included, where known.
    #[serde(default)]
    pub device_bytes: Option<u64>,
    /// The most bytes that it ever held in the machine's memory, where known.
    #[serde(default)]
    pub host_peak_bytes: Option<u64>,
}

/// A message, or why there is none.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Said<T> {
    Error { error: String },
    Message(T),
}
