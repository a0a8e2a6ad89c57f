//! One experiment: everything that decides what a run computes. `experiments/*.toml` are these.

use crate::range::{RangeError, check, range};
use crate::{AugmentConfig, DistillConfig, PruneConfig};
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

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Passes over the training images.
    pub epochs: u32,
    /// B, images a step.
    pub batch: u32,
    /// Decides initial values, order and masks: equal seeds give equal runs.
    pub seed: u32,
    /// The update rule.
    pub optimizer: Optimizer,
    /// The (peak) learning rate.
    pub learning_rate: f64,
    /// Adam: added to the gradient as `weight_decay * w` (PyTorch's coupled L2); AdamW: decoupled. All parameters.
    pub weight_decay: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
    /// Share of the target probability spread over all classes, in [0, 1).
    pub label_smoothing: f64,
    /// The largest global norm of a step's gradient, above which it is scaled down; absent means no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Mixup: alpha of the Beta distribution that shares are drawn from; 0 means no mixup.
    #[serde(skip_serializing_if = "is_zero")]
    pub mixup: f64,
    /// Decay of a moving average of the weights, with which models are then evaluated and kept; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// How the learning rate goes over the run's steps.
    pub schedule: Schedule,
    /// Steps over which the learning rate first rises linearly from 0.
    pub warmup_steps: u32,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch: 128,
            seed: 0,
            optimizer: Optimizer::Adam,
            learning_rate: 1e-3,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            label_smoothing: 0.0,
            clip_norm: None,
            mixup: 0.0,
            ema: None,
            schedule: Schedule::Constant,
            warmup_steps: 0,
        }
    }
}

/// Update rules, with PyTorch's semantics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// `torch.optim.Adam`: weight decay is part of the gradient.
    #[default]
    Adam,
    /// `torch.optim.AdamW`: weight decay is `w *= 1 - lr * weight_decay`.
    AdamW,
}

/// Courses of the learning rate after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Stays.
    #[default]
    Constant,
    /// Half a cosine from the peak down to 0 at the last step.
    Cosine,
    /// A straight line from the peak down to 0 at the last step.
    Linear,
    /// `torch.optim.lr_scheduler.OneCycleLR`: half a cosine from a 25th of the peak up over the first 30 % of all steps,
    /// then half a cosine down to a 250,000th of it. It is its own warm-up.
    OneCycle,
}

/// How the data are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Share of the training images held out as the test split where a folder has no test files; 0 means none.
    pub test_fraction: f64,
    /// Share of the training images held out for validation; 0 means none.
    pub validation_fraction: f64,
    /// Whether pixels are standardised by mean and standard deviation of the training images.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub standardize: bool,
    /// Decides which images are held out, whatever `train.seed` is.
    pub split_seed: u32,
    /// K: cross-validation. The training images are cut into K parts, `fold` says which is the test split, and test files
    /// are left alone; absent means no cross-validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// The part that is held out, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<u32>,
    /// Take only the first so many training images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Side in pixels to which folders of PNG or JPEG images are resized; 28 where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            test_fraction: 0.2,
            validation_fraction: 0.1,
            standardize: false,
            split_seed: 0,
            folds: None,
            fold: None,
            limit: None,
            size: None,
        }
    }
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
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good = !self.name.is_empty() && self.name.chars().all(plain) && !self.name.starts_with('.');
        check(good, "name", "letters, digits, '-', '_' or '.', for it names a folder", format!("'{}'", self.name))?;
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

impl TrainConfig {
    fn validate(&self) -> Result<(), RangeError> {
        let below_one = |x: f64| x >= 0.0 && (0.0..1.0).contains(&(x as f32));
        check((1..=1_000_000).contains(&self.epochs), "train.epochs", "1 to 1000000", self.epochs)?;
        check((1..=65_536).contains(&self.batch), "train.batch", "1 to 65536 images", self.batch)?;
        let rate = self.learning_rate;
        check(rate >= 0.0 && (rate as f32).is_finite(), "train.learning_rate", "0 or more, in f32's range", rate)?;
        check(
            self.weight_decay >= 0.0 && (self.weight_decay as f32).is_finite(),
            "train.weight_decay",
            "0 or more",
            self.weight_decay,
        )?;
        // Engines compute in f32: what is in range here must be so there.
        check(below_one(self.beta1), "train.beta1", "a number in [0, 1)", self.beta1)?;
        check(below_one(self.beta2), "train.beta2", "a number in [0, 1)", self.beta2)?;
        check(self.epsilon as f32 > 0.0 && (self.epsilon as f32).is_finite(), "train.epsilon", "over 0", self.epsilon)?;
        check(below_one(self.label_smoothing), "train.label_smoothing", "a number in [0, 1)", self.label_smoothing)?;
        let clip = self.clip_norm.unwrap_or(1.0);
        check(clip as f32 > 0.0 && (clip as f32).is_finite(), "train.clip_norm", "over 0", clip)?;
        check((0.0..=100.0).contains(&self.mixup), "train.mixup", "0 to 100", self.mixup)?;
        let ema = self.ema.unwrap_or(0.0);
        check(below_one(ema), "train.ema", "a number in [0, 1)", ema)?;
        let warm = self.schedule == Schedule::OneCycle && self.warmup_steps > 0;
        check(!warm, "train.warmup_steps", "0 with schedule 'onecycle', which has its own warm-up", self.warmup_steps)
    }
}

impl DataConfig {
    fn validate(&self) -> Result<(), RangeError> {
        let share = |x: f64| (0.0..=0.9).contains(&x);
        check(share(self.test_fraction), "data.test_fraction", "a share in [0, 0.9]", self.test_fraction)?;
        let validation = self.validation_fraction;
        check(share(validation), "data.validation_fraction", "a share in [0, 0.9]", validation)?;
        self.validate_fold()?;
        check(self.limit != Some(0), "data.limit", "1 or more images", 0)?;
        let size = self.size.unwrap_or(28);
        check((1..=256).contains(&size), "data.size", "1 to 256 pixels", size)
    }

    fn validate_fold(&self) -> Result<(), RangeError> {
        match (self.folds, self.fold) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(range("data.folds", "2 or more with data.fold", "none")),
            (Some(folds), _) if folds < 2 => Err(range("data.folds", "2 or more", &folds.to_string())),
            (Some(folds), Some(fold)) if fold < folds => Ok(()),
            (Some(folds), fold) => {
                let found = fold.map_or("none".to_owned(), |fold| fold.to_string());
                Err(range("data.fold", &format!("0 to {} with data.folds = {folds}", folds - 1), &found))
            }
        }
    }
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
