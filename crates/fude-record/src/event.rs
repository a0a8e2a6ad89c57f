//! What a training run tells whoever watches it. The trainer prints nothing.

use crate::Summary;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run folder exists and training is about to start (or to go on, from `epoch` done).
    Started {
        /// The run folder; none for a dry run.
        folder: Option<PathBuf>,
        /// Epochs already done, over 0 when resumed.
        epochs_done: u32,
        /// Epochs to do in all.
        epochs: u32,
        /// Steps an epoch.
        steps: u32,
    },
    /// Something a user should know.
    Note(String),
    /// Something a user should not overlook.
    Warning(String),
    /// Steps were done within an epoch.
    Step(StepProgress),
    /// An epoch ended and was recorded.
    Epoch(EpochRecord),
    /// The run is over and its summary written.
    Finished(Box<Summary>),
}

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepProgress {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Steps of it that are done.
    pub step: u32,
    /// Images a second since the run started or was resumed.
    pub samples_per_second: f64,
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean loss over the epoch's steps, dropout active.
    pub train_loss: f64,
    /// Share of the epoch's images that were right, dropout active.
    pub train_accuracy: f64,
    /// Loss on the validation split; null without one.
    pub val_loss: Option<f64>,
    /// Accuracy on the validation split.
    pub val_accuracy: Option<f64>,
    /// Loss on the test split; null unless `eval.test_each_epoch`.
    pub test_loss: Option<f64>,
    /// Accuracy on the test split.
    pub test_accuracy: Option<f64>,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Seconds spent in training steps.
    pub seconds: f64,
    /// How each layer fares; only with `eval.layers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerRecord>,
}

/// How a layer, weights and biases together, fares at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// `fc1`, `fc2`, ...
    pub layer: String,
    /// Euclidean norm of its parameters.
    pub weight_norm: f64,
    /// Norm of what the epoch changed; null for an epoch that was resumed in its middle.
    pub update_norm: Option<f64>,
    /// Norm of Adam's first moment, the running mean of some ten steps' gradients: what a step follows, smaller than the norm
    /// of a single gradient.
    pub gradient_norm: Option<f64>,
    /// Share of its units that are 0 for each of 500 training images; null for the last layer, and without relu.
    pub dead_units: Option<f64>,
}
