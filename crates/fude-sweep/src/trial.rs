//! One point of a search and what came of it.

use crate::Objective;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number, from 0.
    pub number: u32,
    /// The keys it sets, as TOML texts.
    pub values: BTreeMap<String, String>,
    /// Where these lie in their ranges.
    pub places: BTreeMap<String, f64>,
    /// What it reached at the rungs that it came to.
    #[serde(default)]
    pub rungs: Vec<Rung>,
    /// How it stands.
    pub state: State,
    /// Epochs trained.
    pub epochs: u32,
    /// The objective at its end; none where it has not ended, or its loss was no number.
    pub value: Option<f64>,
    /// Seconds it took.
    pub seconds: f64,
}

/// What a trial had reached at a rung.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// After so many epochs.
    pub epochs: u32,
    /// The objective.
    pub value: f64,
}

/// How a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Begun and not ended: in work, or cut off by a kill.
    Begun,
    /// Trained to its end.
    Finished,
    /// Stopped at a rung.
    Stopped,
    /// Its loss became NaN or infinite.
    Diverged,
}

impl Trial {
    /// A trial that is about to begin.
    pub fn begin(number: u32, values: BTreeMap<String, String>, places: BTreeMap<String, f64>) -> Self {
        Self { number, values, places, rungs: vec![], state: State::Begun, epochs: 0, value: None, seconds: 0.0 }
    }

    /// Its order among others for a sampler, the lower the better: who was trained longer got further; among equals the
    /// objective counts. None while it has not ended.
    pub(crate) fn rank(&self, objective: Objective) -> Option<f64> {
        // Costs are far below a million, and epochs count in steps of that.
        const EPOCH: f64 = 1e6;
        match (self.state, self.value) {
            (State::Begun, _) => None,
            (State::Finished | State::Stopped, Some(value)) => {
                Some(objective.cost(value).min(EPOCH / 2.0) - EPOCH * f64::from(self.epochs))
            }
            _ => Some(EPOCH),
        }
    }
}

/// Ended trials, the best first: those trained to their end before those stopped at a rung, and by objective among them.
pub fn by_quality(trials: &[Trial], objective: Objective) -> Vec<&Trial> {
    let mut ended: Vec<&Trial> = trials.iter().filter(|trial| trial.value.is_some()).collect();
    let cost = |trial: &Trial| trial.value.map_or(f64::INFINITY, |value| objective.cost(value));
    ended.sort_by(|a, b| {
        let finished = |trial: &Trial| trial.state == State::Finished;
        finished(b).cmp(&finished(a)).then(b.epochs.cmp(&a.epochs).then(cost(a).total_cmp(&cost(b))))
    });
    // Early stopping ends some before their last epoch: among finished ones only the objective counts.
    let split = ended.partition_point(|trial| trial.state == State::Finished);
    ended[..split].sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(state: State, epochs: u32, value: Option<f64>) -> Trial {
        Trial { state, epochs, value, ..Trial::begin(0, BTreeMap::new(), BTreeMap::new()) }
    }

    #[test]
    fn longer_trials_rank_before_stopped_ones_and_diverged_ones_last() {
        use State::*;
        let all = [
            (Finished, 9, Some(0.7)),
            (Finished, 9, Some(0.9)),
            (Stopped, 3, Some(0.95)),
            (Stopped, 1, Some(0.2)),
            (Diverged, 2, None),
        ];
        let trials: Vec<Trial> = all.iter().map(|&(state, epochs, value)| trial(state, epochs, value)).collect();
        let ranks: Vec<f64> = trials.iter().map(|trial| trial.rank(Objective::ValidationAccuracy).unwrap()).collect();
        let mut order: Vec<usize> = (0..5).collect();
        order.sort_by(|&a, &b| ranks[a].total_cmp(&ranks[b]));
        assert_eq!(order, [1, 0, 2, 3, 4]);
        assert_eq!(trial(Begun, 0, None).rank(Objective::ValidationLoss), None);
        let best = by_quality(&trials, Objective::ValidationAccuracy);
        assert_eq!(
            best.iter().map(|trial| trial.value).collect::<Vec<_>>(),
            [Some(0.9), Some(0.7), Some(0.95), Some(0.2)]
        );
    }
}
