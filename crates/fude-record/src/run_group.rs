//! Runs of one experiment that differ in seed or hold-out alone, and two such groups side by side.

use crate::{Comparison, Experiment, Figure, Spread, Summary};
use std::collections::BTreeMap;

/// What may differ between runs that repeat each other.
const REPEATS: [&str; 4] = ["train.seed", "data.fold", "data.split_seed", "checkpoint.seconds"];

impl Experiment {
    /// The keys that make an experiment what it is: all but the name, and but seed and hold-out, over which it is repeated.
    pub fn identity(&self) -> BTreeMap<String, String> {
        let mut keys = self.keys();
        keys.retain(|key, _| !REPEATS.contains(&key.as_str()) && key != "name" && !self.is_from_data(key));
        keys
    }

    /// Whether a run takes this key from its data, so that its experiment file need not have it.
    pub fn is_from_data(&self, key: &str) -> bool {
        let scale = self.data.standardize && key.starts_with("model.input.");
        scale || ["model.inputs", "model.outputs"].contains(&key)
    }
}

/// The figure that is compared, by the summary's name: the test accuracy, or that of the validation split where a run has
/// no test.
pub fn compared_figure(summaries: &[&Summary]) -> Option<Figure> {
    let figures: [Figure; 2] = [("test_accuracy", |s| s.test_accuracy), ("val_accuracy", |s| s.val_accuracy)];
    figures.into_iter().find(|(_, value)| summaries.iter().all(|summary| value(summary).is_some()))
}

/// Compares a figure between two groups: over pairs where each run of one has its like in the other, else by Welch's test.
/// None where a group has a single run and there is no pair to it.
pub fn compare_groups(
    first: &[&Summary],
    second: &[&Summary],
    value: impl Fn(&Summary) -> Option<f64>,
) -> Option<Comparison> {
    if let Some(pairs) = pairs(first, second) {
        let values: Option<Vec<_>> = pairs.iter().map(|(a, b)| Some((value(a)?, value(b)?))).collect();
        return Comparison::paired(&values?);
    }
    let values = |group: &[&Summary]| group.iter().map(|summary| value(summary)).collect::<Option<Vec<f64>>>();
    Comparison::welch(&values(first)?, &values(second)?)
}

/// Each run with its like, where every run has exactly one.
fn pairs<'a>(first: &[&'a Summary], second: &[&'a Summary]) -> Option<Vec<(&'a Summary, &'a Summary)>> {
    // Methods without a seed (nearest neighbours) pair by test images alone, where those differ from run to run.
    [with_seed as fn(&Summary) -> Option<String>, without_seed].into_iter().find_map(|key| {
        let (mine, theirs) = (by_key(first, key)?, by_key(second, key)?);
        let same = mine.len() > 1 && mine.keys().eq(theirs.keys());
        same.then(|| mine.into_values().zip(theirs.into_values()).collect())
    })
}

/// None where two runs have the same key, or one has none.
fn by_key<'a>(group: &[&'a Summary], key: fn(&Summary) -> Option<String>) -> Option<BTreeMap<String, &'a Summary>> {
    let map: BTreeMap<String, &Summary> = group.iter().map(|&s| Some((key(s)?, s))).collect::<Option<_>>()?;
    (map.len() == group.len()).then_some(map)
}

/// Test images by their fingerprint; by the fold in summaries that have none.
fn without_seed(summary: &Summary) -> Option<String> {
    let fold = || Some(format!("{}/{}", summary.fold?, summary.folds?));
    summary.test_fingerprint.clone().or_else(fold)
}

fn with_seed(summary: &Summary) -> Option<String> {
    let images = without_seed(summary).unwrap_or_default();
    Some(format!("{:010} {images}", summary.seed))
}

/// How far a difference of two accuracies on `images` test images can come from the choice of these images alone: half of
/// the 95 % interval of the difference of two shares, as if the images were others each time.
pub fn sampling_error(first: f64, second: f64, images: usize) -> f64 {
    let variance = |share: f64| share * (1.0 - share) / images.max(1) as f64;
    1.96 * (variance(first) + variance(second)).sqrt()
}

/// Mean of a figure over a group.
pub fn group_spread(group: &[&Summary], value: impl Fn(&Summary) -> Option<f64>) -> Option<Spread> {
    let values: Option<Vec<f64>> = group.iter().map(|summary| value(summary)).collect();
    Spread::of(&values?)
}
