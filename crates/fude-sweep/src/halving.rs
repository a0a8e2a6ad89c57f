//! Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"), in the form
//! that stops trials instead of pausing them: at each rung of epochs a trial goes on if it is among the best so far there.

use serde::{Deserialize, Serialize};

/// When trials are looked at, and how many go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Halving {
    /// Epochs to the first rung.
    pub first_epochs: u32,
    /// Each rung has this many times the epochs of the one before, and one in so many trials goes on.
    pub factor: u32,
}

impl Default for Halving {
    fn default() -> Self {
        Self { first_epochs: 1, factor: 3 }
    }
}

impl Halving {
    /// Whether a trial of `epochs` is looked at after `epoch`, from 1: never after its last.
    pub fn is_rung(&self, epoch: u32, epochs: u32) -> bool {
        let mut rung = self.first_epochs;
        while rung < epoch {
            rung = rung.saturating_mul(self.factor);
        }
        rung == epoch && epoch < epochs
    }

    /// Whether a trial goes on that has `cost` (the lower the better) at a rung where the others had `others`. Of the first
    /// few, too few to take one in `factor` of, the best so far goes on.
    pub fn goes_on(&self, cost: f64, others: &[f64]) -> bool {
        let places = ((others.len() + 1) / self.factor as usize).max(1);
        let better = others.iter().filter(|&&other| other < cost).count();
        cost.is_finite() && better < places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_powers_of_the_factor_before_the_end() {
        let halving = Halving { first_epochs: 2, factor: 3 };
        let rungs: Vec<u32> = (1..=54).filter(|&epoch| halving.is_rung(epoch, 54)).collect();
        assert_eq!(rungs, [2, 6, 18]);
    }

    #[test]
    fn one_in_three_goes_on() {
        let halving = Halving::default();
        assert!(halving.goes_on(0.5, &[]));
        assert!(halving.goes_on(0.4, &[0.5]) && !halving.goes_on(0.6, &[0.5]));
        let others = [0.1, 0.2, 0.3, 0.4, 0.5];
        assert!(halving.goes_on(0.15, &others) && !halving.goes_on(0.25, &others));
        assert!(!halving.goes_on(f64::NAN, &[]));
    }
}
