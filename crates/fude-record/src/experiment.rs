//! One experiment: everything that decides what a run computes. `experiments/*.toml` are these.

use crate::range::{RangeError, check, range};
use crate::{AugmentConfig, DataConfig, DistillConfig, PruneConfig, TrainConfig};
use fude_model::MlpConfig;
use serde::{Deserialize, Serialize};

/// An experiment file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Its name, also the name of its folder under `runs/`.
    pub name: String,
    /// `kmnist`, `fashion`, `mnist`, `k49`, `kana`, or a folder with data files.
    pub dataset: String,
    /// The built-in set to fall back to, loudly, where `dataset` is not on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// The network.
    #[serde(default)]
    pub model: MlpConfig,
    /// How it is trained.
    #[serde(default)]
    pub train: TrainConfig,
    /// How training images are deformed; absent means not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment: Option<AugmentConfig>,
    /// Which models teach this one; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distill: Option<DistillConfig>,
    /// Which share of the weights is pruned in training; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prune: Option<PruneConfig>,
    /// How the data are cut.
    #[serde(default)]
    pub data: DataConfig,
    /// When to stop early; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// What is evaluated when.
    #[serde(default)]
    pub eval: EvalConfig,
    /// How often a checkpoint is written.
    #[serde(default)]
    pub checkpoint: CheckpointConfig,
}

/// Stopping when a loss no longer falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// The loss to watch.
    pub monitor: Monitor,
    /// Epochs without a lower loss after which the run stops.
    pub patience: u32,
    /// Whether the run ends with the weights of its best epoch instead of its last.
    pub restore_best: bool,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { monitor: Monitor::ValidationLoss, patience: 5, restore_best: true }
    }
}

/// Losses that early stopping can watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The loss on the validation split.
    #[default]
    ValidationLoss,
    /// The loss on the test split, which thereby no longer measures anything: only to reproduce studies that did so.
    TestLoss,
}

/// What is evaluated when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvalConfig {
    /// Evaluate the test split after each epoch, as the published study did, instead of once at the end.
    pub test_each_epoch: bool,
    /// Record norms of weights, updates and gradients, and dead units, for each layer after each epoch.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub layers: bool,
    /// Test-time augmentation: at the end, average over so many deformed looks at each held-out image beside the image as it
    /// is, `[augment]` at half its strength.
    #[serde(skip_serializing_if = "is_zero")]
    pub looks: u32,
}

/// How often a checkpoint is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Seconds between checkpoints, also within an epoch; one is always written at the end and at Ctrl-C.
    pub seconds: f64,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self { seconds: 10.0 }
    }
}

impl Experiment {
    /// Checks every range, and what only makes sense together.
    ///
    /// # Errors
    /// The first value out of range.
    pub fn validate(&self) -> Result<(), RangeError> {
        self.validate_name()?;
        self.model.validate().map_err(|e| range(e.key, &e.expected, &e.found))?;
        self.train.validate()?;
        self.augment.as_ref().map_or(Ok(()), AugmentConfig::validate)?;
        self.distill.as_ref().map_or(Ok(()), DistillConfig::validate)?;
        self.prune.as_ref().map_or(Ok(()), PruneConfig::validate)?;
        self.data.validate()?;
        let seconds = self.checkpoint.seconds;
        check(seconds.is_finite() && seconds >= 0.0, "checkpoint.seconds", "0 or more seconds", seconds)?;
        check(self.eval.looks <= 1000, "eval.looks", "0 to 1000", self.eval.looks)?;
        let deforms = self.eval.looks == 0 || self.augment.is_some();
        check(deforms, "eval.looks", "0 without [augment], whose deformations they are", self.eval.looks)?;
        self.validate_early_stopping()
    }

    fn validate_name(&self) -> Result<(), RangeError> {
        check(names_a_folder(&self.name), "name", NAMES_A_FOLDER, format!("'{}'", self.name))?;
        check(!self.dataset.is_empty(), "dataset", "a data set's name or a folder", "''")?;
        let fallback = self.fallback.as_deref();
        check(
            fallback.is_none_or(|name| name == "kana"),
            "fallback",
            "'kana', the built-in set",
            fallback.unwrap_or(""),
        )
    }

    fn validate_early_stopping(&self) -> Result<(), RangeError> {
        let Some(stopping) = &self.early_stopping else { return Ok(()) };
        check(stopping.patience > 0, "early_stopping.patience", "1 or more epochs", stopping.patience)?;
        // It would end before the weights have gone, or bring them back.
        check(self.prune.is_none(), "early_stopping", "none with [prune], which ends as it began to", "both")?;
        let key = "early_stopping.monitor";
        match stopping.monitor {
            Monitor::ValidationLoss => check(
                self.data.validation_fraction > 0.0,
                key,
                "a validation split (data.validation_fraction over 0)",
                "none",
            ),
            Monitor::TestLoss => {
                check(self.eval.test_each_epoch, key, "eval.test_each_epoch = true with 'test_loss'", "false")
            }
        }
    }
}

/// What experiments and studies may be called.
pub const NAMES_A_FOLDER: &str = "letters, digits, '-', '_' or '.', for it names a folder";

/// Whether a text is [`NAMES_A_FOLDER`].
pub fn names_a_folder(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(plain) && !name.starts_with('.')
}

pub(crate) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
