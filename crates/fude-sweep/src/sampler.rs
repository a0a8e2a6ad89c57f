//! What is tried next.

use crate::{Range, RangeKind, SamplerKind, State, Study, Trial, by_quality};
use fude_random::{Sequence, Stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;

/// The share of ended trials that count as good: Bergstra et al.'s 0.15.
const GOOD: f64 = 0.15;
/// The probability that a key of a proposal is random all the same. The estimator is greedy, above all among choices: a
/// search of seven keys stuck to the activation and width of its best random trial for fifty trials. Halving makes a bad
/// guess cheap.
const EXPLORE: f64 = 0.1;

/// Proposes trial `number` from those that have ended: a place for each key. The same number after the same trials is the
/// same proposal.
pub(crate) fn propose(study: &Study, trials: &[Trial], number: u32) -> BTreeMap<String, f64> {
    if study.sampler == SamplerKind::Grid {
        return grid(study, number);
    }
    let ended = ranked(study, trials);
    if study.sampler == SamplerKind::Random || (ended.len() as u32) < study.startup.max(1) {
        return random(study, number);
    }
    let mut generator = StdRng::seed_from_u64(u64::from(study.seed) << 32 | u64::from(number));
    let mut explore = Sequence::new(study.seed, Stream::Search, [number, 1]);
    let random = random(study, number);
    let place = |(key, random): (&String, &f64)| {
        let likely =
            if f64::from(explore.unit()) < EXPLORE { None } else { tpe_place(study, key, &ended, &mut generator) };
        (key.clone(), likely.unwrap_or(*random))
    };
    random.iter().map(place).collect()
}

/// Ended trials with their rank, the lower the better. The estimator only compares, and only this order knows that a trial
/// which went on longer did better than one that was stopped. Trials without a value are the last, all alike.
fn ranked<'a>(study: &Study, trials: &'a [Trial]) -> Vec<(&'a Trial, f64)> {
    let by_quality = by_quality(trials, study.objective);
    let last = by_quality.len() as f64;
    let is_bad = |trial: &&Trial| matches!(trial.state, State::Diverged | State::Refused);
    let without = trials.iter().filter(is_bad).filter(|trial| trial.value.is_none());
    let ranked = by_quality.into_iter().enumerate().map(|(rank, trial)| (trial, rank as f64));
    ranked.chain(without.map(|trial| (trial, last))).collect()
}

/// Combination `number`, the last key's choices changing fastest; places in the middle of each choice.
fn grid(study: &Study, number: u32) -> BTreeMap<String, f64> {
    let mut rest = number;
    let place = |(key, range): (&String, &Range)| {
        let count = range.choices().unwrap_or(1).max(1);
        let index = rest % count;
        rest /= count;
        (key.clone(), f64::from(index) + 0.5)
    };
    study.space.iter().rev().map(place).collect()
}

/// Uniform over the places.
fn random(study: &Study, number: u32) -> BTreeMap<String, f64> {
    let mut draws = Sequence::new(study.seed, Stream::Search, [number, 0]);
    study.space.iter().map(|(key, range)| (key.clone(), range.at(f64::from(draws.unit())))).collect()
}

/// The place that is likelier among the good trials than among the others. None where the estimator has nothing to say.
fn tpe_place(study: &Study, key: &str, ended: &[(&Trial, f64)], generator: &mut StdRng) -> Option<f64> {
    let range = &study.space[key];
    let (start, end) = range.places();
    let estimator = match range.kind {
        RangeKind::Choices(_) => tpe::histogram_estimator(),
        RangeKind::Numbers { .. } => tpe::parzen_estimator(),
    };
    let range_of_places = tpe::range(start, end).ok()?;
    let mut optimizer = tpe::TpeOptimizerBuilder::new().gamma(GOOD).build(estimator, range_of_places).ok()?;
    for (trial, rank) in ended {
        // Categories are told by their index.
        let place = *trial.places.get(key)?;
        let place = if matches!(range.kind, RangeKind::Choices(_)) { place.floor() } else { place };
        optimizer.tell(place, *rank).ok()?;
    }
    optimizer.ask(generator).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Objective;
    use crate::study::tests::study;

    /// Lowest at a learning rate of 1e-2 with the second choice.
    fn cost(places: &BTreeMap<String, f64>) -> f64 {
        let rate = places["train.learning_rate"] / std::f64::consts::LN_10 + 2.0;
        rate.powi(2) + if places["model.hidden"] < 1.0 { 0.5 } else { 0.0 }
    }

    fn search(sampler: SamplerKind, seed: u32, count: u32) -> Vec<f64> {
        let study = Study { sampler, seed, objective: Objective::ValidationLoss, ..study() };
        let mut trials: Vec<Trial> = Vec::new();
        for number in 0..count {
            let places = propose(&study, &trials, number);
            for (key, place) in &places {
                let (start, end) = study.space[key].places();
                assert!((start..end).contains(place), "{key}: {place}");
            }
            let value = Some(cost(&places));
            let begun = Trial::begin(number, BTreeMap::new(), places);
            trials.push(Trial { state: State::Finished, epochs: 1, value, ..begun });
        }
        trials.iter().filter_map(|trial| trial.value).collect()
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let range = |text: &str| toml::from_str::<BTreeMap<String, Range>>(text).unwrap();
        let space = range("a = { choices = [1, 2] }\nb = { choices = [\"x\", \"y\", \"z\"] }");
        let study = Study { sampler: SamplerKind::Grid, space, ..study() };
        let values = |number| {
            let places = propose(&study, &[], number);
            places.iter().map(|(key, &place)| study.space[key].value(place)).collect::<Vec<String>>().join(" ")
        };
        let all: Vec<String> = (0..6).map(values).collect();
        assert_eq!(all, ["1 \"x\"", "1 \"y\"", "1 \"z\"", "2 \"x\"", "2 \"y\"", "2 \"z\""]);
    }

    #[test]
    fn tpe_comes_nearer_than_chance_and_repeats_itself() {
        let mean_of_late = |sampler| {
            let late = (0..5).flat_map(|seed| search(sampler, seed, 60).split_off(30)).collect::<Vec<f64>>();
            late.iter().sum::<f64>() / late.len() as f64
        };
        let (tpe, random) = (mean_of_late(SamplerKind::Tpe), mean_of_late(SamplerKind::Random));
        assert!(tpe < 0.5 * random, "mean cost of trials 30 to 59: {tpe} with TPE, {random} at random");
        assert_eq!(search(SamplerKind::Tpe, 1, 30), search(SamplerKind::Tpe, 1, 30));
        assert_ne!(search(SamplerKind::Random, 1, 5), search(SamplerKind::Random, 2, 5));
    }
}
