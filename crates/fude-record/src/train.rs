//! The `[train]` section: how a network is trained.

use crate::experiment::is_zero;
use crate::range::{RangeError, check};
use serde::{Deserialize, Serialize};

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
    /// Mixup: alpha of the Beta distribution that shares are drawn from, up to 2; 0 means no mixup.
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
    /// Half a cosine from the peak down to 0, which the step after the last would have.
    Cosine,
    /// A straight line from the peak down to 0, which the step after the last would have.
    Linear,
    /// `torch.optim.lr_scheduler.OneCycleLR`: half a cosine from a 25th of the peak up over the first 30 % of all steps,
    /// then half a cosine down to a 250,000th of it. It is its own warm-up.
    OneCycle,
}

impl TrainConfig {
    pub(crate) fn validate(&self) -> Result<(), RangeError> {
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
        check((0.0..=2.0).contains(&self.mixup), "train.mixup", "0 to 2", self.mixup)?;
        let ema = self.ema.unwrap_or(0.0);
        check(below_one(ema), "train.ema", "a number in [0, 1)", ema)?;
        let warm = self.schedule == Schedule::OneCycle && self.warmup_steps > 0;
        check(!warm, "train.warmup_steps", "0 with schedule 'onecycle', which has its own warm-up", self.warmup_steps)
    }
}
