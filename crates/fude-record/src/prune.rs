//! The `[prune]` section: training with fewer and fewer weights.

use crate::range::{RangeError, check};
use serde::{Deserialize, Serialize};

/// Which share of the weights goes, and when: the smallest of all layers together, at the beginnings of epochs. What has
/// gone stays exactly 0. Biases are not pruned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PruneConfig {
    /// The run folder or safetensors file whose weights training starts from; absent means `--init` or random ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The share of the weights that are 0 in the end, over 0 and below 1.
    pub sparsity: f64,
    /// The epoch (from 0) at whose beginning pruning begins.
    pub begin_epoch: u32,
    /// Epochs over which the share rises; 0 means all at once. It is reached in the run's last epoch at the latest.
    pub ramp_epochs: u32,
}

impl Default for PruneConfig {
    fn default() -> Self {
        Self { from: None, sparsity: 0.9, begin_epoch: 0, ramp_epochs: 0 }
    }
}

impl PruneConfig {
    /// The share that is to be 0 at the beginning of `epoch`, from 0, of a run of `epochs`: `s (1 - (1 - t)^3)` with t
    /// from 0 to 1 over the ramp (Zhu and Gupta 2017), so that most go while there are many to take their place.
    pub fn due(&self, epoch: u32, epochs: u32) -> f64 {
        let end = self.last_epoch(epochs);
        let begin = self.begin_epoch.min(end);
        if epoch < begin {
            return 0.0;
        }
        let progress = f64::from(epoch - begin) / f64::from((end - begin).max(1));
        if epoch >= end { self.sparsity } else { self.sparsity * (1.0 - (1.0 - progress).powi(3)) }
    }

    /// The epoch (from 0) at whose beginning the last weights go, of a run of `epochs`.
    pub fn last_epoch(&self, epochs: u32) -> u32 {
        self.begin_epoch.saturating_add(self.ramp_epochs).min(epochs.saturating_sub(1))
    }

    pub(crate) fn validate(&self) -> Result<(), RangeError> {
        let sparsity = self.sparsity;
        check(sparsity > 0.0 && sparsity < 1.0, "prune.sparsity", "a share over 0 and below 1", sparsity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Experiment;

    #[test]
    fn the_share_rises_fast_at_first_and_is_reached_at_the_ramp_s_end() {
        let config = PruneConfig { sparsity: 0.8, begin_epoch: 2, ramp_epochs: 4, ..Default::default() };
        let due: Vec<f64> = (0..9).map(|epoch| config.due(epoch, 9)).collect();
        let expected = [0.0, 0.0, 0.0, 0.4625, 0.7, 0.7875, 0.8, 0.8, 0.8];
        for (epoch, (due, expected)) in due.iter().zip(expected).enumerate() {
            assert!((due - expected).abs() < 1e-12, "epoch {epoch}: {due}, expected {expected}");
        }
    }

    #[test]
    fn it_is_reached_in_the_last_epoch_at_the_latest() {
        let due = |begin_epoch, ramp_epochs, epochs| {
            let config = PruneConfig { begin_epoch, ramp_epochs, ..Default::default() };
            (config.due(0, epochs), config.due(epochs - 1, epochs))
        };
        assert_eq!(due(0, 0, 1), (0.9, 0.9));
        assert_eq!(due(0, 0, 5), (0.9, 0.9), "all at once");
        assert_eq!(due(0, 50, 5), (0.0, 0.9));
        assert_eq!(due(50, u32::MAX, 5), (0.0, 0.9));
    }

    #[test]
    fn a_share_that_is_none_and_early_stopping_are_refused() {
        let parse = |more: &str| {
            let text = format!("name = \"x\"\ndataset = \"kana\"\n{more}");
            Experiment::parse(&text, "e.toml", &[]).map_err(|error| error.to_string())
        };
        for sparsity in ["0.0", "1.0", "-0.5", "1.5", "nan"] {
            let error = parse(&format!("[prune]\nsparsity = {sparsity}\n")).unwrap_err();
            assert!(error.contains("prune.sparsity: expected a share over 0 and below 1, found"), "{error}");
        }
        let error = parse("[prune]\n[early_stopping]\n").unwrap_err();
        assert!(error.contains("early_stopping: expected none with [prune]"), "{error}");
        assert_eq!(parse("[prune]\nsparsity = 0.5\n").unwrap().prune.unwrap().sparsity, 0.5);
    }
}
