//! Runs of one experiment that differ in seed or hold-out alone, and two such groups side by side.

use crate::{Comparison, Experiment, Figure, PairedBy, Spread, Summary};
use std::collections::{BTreeMap, BTreeSet};

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

/// Why two groups cannot be told apart, or not told to be alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incomparable {
    /// A group has a single run, and there is no pair to it.
    TooFew,
    /// They were measured on other test images, and the spread of one of them holds nothing of what that makes.
    OtherImages,
}

/// Compares a figure between two groups: over pairs where each run of one has its like in the other, else by Welch's test.
///
/// # Errors
/// Groups of which nothing can be told.
pub fn compare_groups(
    first: &[&Summary],
    second: &[&Summary],
    value: impl Fn(&Summary) -> Option<f64>,
) -> Result<Comparison, Incomparable> {
    let (mine, theirs) = (overlap(first), overlap(second));
    if let Some((by, pairs)) = pairs(first, second) {
        let values: Option<Vec<_>> = pairs.iter().map(|(a, b)| Some((value(a)?, value(b)?))).collect();
        let comparison = values.and_then(|values| Comparison::paired(&values, by, mine.max(theirs)));
        return comparison.ok_or(Incomparable::TooFew);
    }
    if let (Some(a), Some(b)) = (test_images(first), test_images(second))
        && a != b
        && (mine == 0.0 || theirs == 0.0)
    {
        return Err(Incomparable::OtherImages);
    }
    let spreads = group_spread(first, &value).zip(group_spread(second, &value));
    spreads.and_then(|(mine, theirs)| Comparison::welch(&mine, &theirs)).ok_or(Incomparable::TooFew)
}

/// By how much the variance of a mean over runs is larger than that of independent ones, in units of the runs' variance:
/// n_test / n_train where test images differ from run to run while all are cut from one set, so that training images are
/// shared (Nadeau and Bengio 2003, "Inference for the generalization error"); 0 for repetitions on the same test images.
pub fn overlap(group: &[&Summary]) -> f64 {
    let folds: BTreeSet<Option<u32>> = group.iter().map(|s| s.fold).collect();
    let images = test_images(group).map_or(0, |images| images.len());
    if folds.len() < 2 && images < 2 {
        return 0.0;
    }
    let sum = |of: fn(&Summary) -> usize| group.iter().map(|s| of(s)).sum::<usize>() as f64;
    sum(|s| s.test_samples) / sum(|s| s.train_samples).max(1.0)
}

/// The different test images of a group; none where a run does not tell.
fn test_images<'a>(group: &[&'a Summary]) -> Option<BTreeSet<&'a str>> {
    group.iter().map(|s| s.test_fingerprint.as_deref()).collect()
}

/// A run of the first group with its like in the second.
type Pair<'a> = (&'a Summary, &'a Summary);

/// What runs that are alike have in common; none where a run does not tell.
type Key = fn(&Summary) -> Option<String>;

/// Each run with its like, where every run has exactly one.
fn pairs<'a>(first: &[&'a Summary], second: &[&'a Summary]) -> Option<(PairedBy, Vec<Pair<'a>>)> {
    // Methods without a seed (nearest neighbours) pair by test images alone, where those differ from run to run.
    let ways: [(PairedBy, Key); 3] =
        [(PairedBy::SeedAndImages, seed_and_images), (PairedBy::Images, images), (PairedBy::Seed, seed_alone)];
    ways.into_iter().find_map(|(by, key)| {
        let (mine, theirs) = (by_key(first, key)?, by_key(second, key)?);
        let same = mine.len() > 1 && mine.keys().eq(theirs.keys());
        same.then(|| (by, mine.into_values().zip(theirs.into_values()).collect()))
    })
}

/// None where two runs have the same key, or one has none.
fn by_key<'a>(group: &[&'a Summary], key: Key) -> Option<BTreeMap<String, &'a Summary>> {
    let map: BTreeMap<String, &Summary> = group.iter().map(|&s| Some((key(s)?, s))).collect::<Option<_>>()?;
    (map.len() == group.len()).then_some(map)
}

/// Test images by their fingerprint; by the fold in summaries that have none.
fn images(summary: &Summary) -> Option<String> {
    let fold = || Some(format!("{}/{}", summary.fold?, summary.folds?));
    summary.test_fingerprint.clone().or_else(fold)
}

fn seed_and_images(summary: &Summary) -> Option<String> {
    Some(format!("{:010} {}", summary.seed, images(summary)?))
}

/// Where the test images are not known.
fn seed_alone(summary: &Summary) -> Option<String> {
    images(summary).is_none().then(|| format!("{:010}", summary.seed))
}

/// How far a difference of two accuracies on `images` test images can come from the choice of these images alone: half of
/// the 95 % interval of the difference of two shares, as if the images were others each time.
pub fn sampling_error(first: f64, second: f64, images: usize) -> f64 {
    let variance = |share: f64| share * (1.0 - share) / images.max(1) as f64;
    1.96 * (variance(first) + variance(second)).sqrt()
}

/// Mean and spread of a figure that every run of a group has.
pub fn group_spread(group: &[&Summary], value: impl Fn(&Summary) -> Option<f64>) -> Option<Spread> {
    let values: Option<Vec<f64>> = group.iter().map(|summary| value(summary)).collect();
    Spread::overlapping(&values?, overlap(group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    /// A run on 20 test images of 100, whose hold-out is `images`.
    fn run(seed: u32, images: Option<&str>, accuracy: f64) -> Summary {
        Summary {
            seed,
            train_samples: 80,
            test_samples: 20,
            test_accuracy: Some(accuracy),
            test_fingerprint: images.map(str::to_owned),
            ..Summary::unmeasured()
        }
    }

    fn compare(first: &[Summary], second: &[Summary]) -> Result<Comparison, Incomparable> {
        let (first, second): (Vec<_>, Vec<_>) = (first.iter().collect(), second.iter().collect());
        compare_groups(&first, &second, |summary| summary.test_accuracy)
    }

    #[test]
    fn runs_pair_by_seed_and_images_by_images_and_where_these_are_unknown_by_seed() {
        let pairs_by = |first: &[Summary], second: &[Summary]| match compare(first, second).unwrap().method {
            Method::Paired { by, pairs: 2, .. } => Some(by),
            _ => None,
        };
        let seeds = |images: Option<&str>| [run(0, images, 0.5), run(1, images, 0.6)];
        let folds = |seed: u32| [run(seed, Some("a"), 0.5), run(seed, Some("b"), 0.6)];
        assert_eq!(pairs_by(&seeds(Some("a")), &seeds(Some("a"))), Some(PairedBy::SeedAndImages));
        assert_eq!(pairs_by(&folds(0), &folds(7)), Some(PairedBy::Images));
        assert_eq!(pairs_by(&seeds(None), &seeds(None)), Some(PairedBy::Seed));
        assert_eq!(pairs_by(&seeds(Some("a")), &[run(2, Some("a"), 0.5), run(3, Some("a"), 0.5)]), None);
    }

    #[test]
    fn seeds_on_one_hold_out_say_nothing_of_another_and_several_hold_outs_do() {
        let on = |images: &str| [run(0, Some(images), 0.50), run(1, Some(images), 0.51)];
        assert_eq!(compare(&on("a"), &on("b")), Err(Incomparable::OtherImages));
        let over = |names: [&str; 2]| [run(0, Some(names[0]), 0.5), run(1, Some(names[1]), 0.6)];
        assert!(compare(&over(["a", "b"]), &over(["c", "d"])).is_ok());
        assert_eq!(compare(&on("a")[..1], &on("a")[1..]), Err(Incomparable::TooFew));
    }

    #[test]
    fn hold_outs_of_one_set_overlap_and_seeds_on_one_hold_out_do_not() {
        let runs = [run(0, Some("a"), 0.5), run(0, Some("b"), 0.6)];
        assert_eq!(overlap(&[&runs[0], &runs[1]]), 0.25);
        assert_eq!(overlap(&[&runs[0], &runs[0]]), 0.0);
        let unknown = [run(0, None, 0.5), run(1, None, 0.6)];
        assert_eq!(overlap(&[&unknown[0], &unknown[1]]), 0.0);
    }
}
