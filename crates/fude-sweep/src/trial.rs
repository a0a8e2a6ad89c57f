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
    /// Its values do not go together, or no engine trains such a network: nothing was trained.
    Refused,
}

impl Trial {
    /// A trial that is about to begin.
    pub fn begin(number: u32, values: BTreeMap<String, String>, places: BTreeMap<String, f64>) -> Self {
        Self { number, values, places, rungs: vec![], state: State::Begun, epochs: 0, value: None, seconds: 0.0 }
    }
}

/// Ended trials, the best first: those trained to their end before those stopped at a rung, and by objective among them.
pub fn by_quality(trials: &[Trial], objective: Objective) -> Vec<&Trial> {
    let with_value = |trial: &&Trial| trial.state != State::Begun && trial.value.is_some();
    let mut ended: Vec<&Trial> = trials.iter().filter(with_value).collect();
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
    fn longer_trials_stand_before_stopped_ones_and_diverged_and_running_ones_nowhere() {
        use State::*;
        let all = [
            (Finished, 9, Some(0.7)),
            (Finished, 6, Some(0.9)),
            (Stopped, 3, Some(0.8)),
            (Stopped, 1, Some(0.2)),
            (Stopped, 3, Some(0.95)),
            (Diverged, 2, None),
            (Begun, 3, Some(0.99)),
        ];
        let trials: Vec<Trial> = all.iter().map(|&(state, epochs, value)| trial(state, epochs, value)).collect();
        let best = by_quality(&trials, Objective::ValidationAccuracy);
        let values: Vec<f64> = best.iter().filter_map(|trial| trial.value).collect();
        assert_eq!(values, [0.9, 0.7, 0.95, 0.8, 0.2], "early stopping makes a finished trial no worse");
    }
}
