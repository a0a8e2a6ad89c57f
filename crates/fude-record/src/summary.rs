//! `summary.json`: what a finished run reached.

use crate::{Calibration, ClassMetrics};
use serde::{Deserialize, Serialize};

/// The version of the summary's form; it grows when a key changes its meaning.
pub const SUMMARY_SCHEMA: u32 = 1;

/// What a run reached. Accuracies are fractions in [0, 1]; losses are mean cross-entropy in nats; what was not
/// measured is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: u32,
    /// The experiment's name.
    pub experiment: String,
    /// The data set that was really used.
    pub dataset: String,
    /// Whether that was the fallback and not what the experiment names.
    pub dataset_fallback: bool,
    /// Images trained on.
    pub train_samples: usize,
    /// Images of the validation split.
    pub val_samples: usize,
    /// Images of the test split.
    pub test_samples: usize,
    /// The network, `784-128-10`.
    pub model: String,
    /// `burn` or `fused`.
    pub engine: String,
    /// The device's name.
    pub device: String,
    /// `gpu` or `cpu`.
    pub device_kind: String,
    /// `bitwise`: the same run on the same machine gives the same bits; `rounding`: up to rounding.
    pub deterministic: String,
    /// `train.seed`.
    pub seed: u32,
    /// K of a cross-validation, where the test split is one of its folds.
    #[serde(default)]
    pub folds: Option<u32>,
    /// Which fold the test split is, from 0.
    #[serde(default)]
    pub fold: Option<u32>,
    /// Epochs done.
    pub epochs: u32,
    /// P.
    pub parameters: usize,
    /// Loss of the final weights on the training images, dropout off.
    pub train_loss: Option<f64>,
    /// Accuracy of the final weights on the training images, dropout off.
    pub train_accuracy: Option<f64>,
    /// Loss of the final weights on the validation split.
    pub val_loss: Option<f64>,
    /// Accuracy of the final weights on the validation split.
    pub val_accuracy: Option<f64>,
    /// Loss of the final weights on the test split.
    pub test_loss: Option<f64>,
    /// Accuracy of the final weights on the test split.
    pub test_accuracy: Option<f64>,
    /// Sum over epochs of train loss + test loss, as the published study has it; null unless `eval.test_each_epoch`.
    pub total_loss: Option<f64>,
    /// Whether early stopping ended the run.
    pub stopped_early: bool,
    /// The epoch (from 1) of the lowest monitored or validation loss; null where nothing selects.
    pub best_epoch: Option<u32>,
    /// Whether the final weights are the best epoch's.
    pub restored_best: bool,
    /// Whether something was selected on the test split, which then measures nothing.
    pub selected_on_test: bool,
    /// Deformed looks at each held-out image that its figures are the mean over, beside the image as it is
    /// (`eval.looks`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// Seconds from start to end, resumed parts added up.
    pub seconds: f64,
    /// Median seconds of training an epoch.
    pub epoch_seconds_median: f64,
    /// Training images a second, from that median.
    pub samples_per_second: f64,
    /// Per-class figures on the test split (validation where there is no test).
    pub per_class: Vec<ClassMetrics>,
    /// Confusion counts on the same split: a row a true class, a column a predicted one.
    pub confusion: Vec<Vec<u32>>,
    /// Calibration on the same split; null in summaries of the first versions and for methods without probabilities.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// A hash of the test images and labels: equal where two runs were measured on the same ones; null in summaries of
    /// the first versions.
    #[serde(default)]
    pub test_fingerprint: Option<String>,
    /// The version of fude that wrote this.
    pub version: String,
}

impl Summary {
    /// One of this version in which nothing was measured.
    pub fn unmeasured() -> Self {
        Self { schema: SUMMARY_SCHEMA, version: env!("CARGO_PKG_VERSION").to_owned(), ..Self::default() }
    }

    /// What must be equal for figures to be comparable: the data set, into how many folds it was cut, and the number of test
    /// images, in which folds differ by one.
    pub fn measured_on(&self) -> (&str, Option<u32>, usize) {
        (&self.dataset, self.folds, if self.folds.is_some() { 0 } else { self.test_samples })
    }

    /// What results have in common that are repetitions of each other, as far as a summary tells.
    pub fn repeated(&self) -> Repeated<'_> {
        Repeated {
            experiment: &self.experiment,
            measured_on: self.measured_on(),
            // Folds differ by an image in size.
            train_samples: if self.folds.is_some() { 0 } else { self.train_samples },
            model: &self.model,
            looks: self.looks,
            engine: &self.engine,
        }
    }
}

/// What repetitions of a result have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated<'a> {
    /// The experiment's name.
    pub experiment: &'a str,
    /// [`Summary::measured_on`].
    pub measured_on: (&'a str, Option<u32>, usize),
    /// Images trained on; 0 for folds.
    pub train_samples: usize,
    /// The network.
    pub model: &'a str,
    /// [`Summary::looks`].
    pub looks: Option<u32>,
    /// The engine: another draws the same numbers and adds in another order.
    pub engine: &'a str,
}
