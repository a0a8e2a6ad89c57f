//! What a set is made of, in numbers.

use crate::{Dataset, Split};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Figures of a whole set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// The set's name.
    pub name: String,
    /// Its classes in label order.
    pub classes: Vec<String>,
    /// The training images.
    pub train: SplitStats,
    /// The test images, where there are any.
    pub test: Option<SplitStats>,
    /// Images that occur more than once.
    pub duplicates: Duplicates,
}

/// Figures of one split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitStats {
    /// N.
    pub images: usize,
    /// H, rows.
    pub height: usize,
    /// W, columns.
    pub width: usize,
    /// Images of each class, `[O]`.
    pub per_class: Vec<usize>,
    /// Mean of all pixels scaled to [0, 1].
    pub pixel_mean: f64,
    /// Their standard deviation (that of a population).
    pub pixel_std: f64,
}

/// Images with exactly the same pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Training images that equal an earlier training image.
    pub within_train: usize,
    /// Those among them with another label than the first such image.
    pub within_train_other_label: usize,
    /// Test images that equal a training image.
    pub train_in_test: usize,
    /// Those among them with another label than the first such image.
    pub train_in_test_other_label: usize,
}

impl Stats {
    /// Counts and measures `set`.
    pub fn of(set: &Dataset) -> Self {
        let classes = set.classes.len();
        Self {
            name: set.name.clone(),
            classes: set.classes.clone(),
            train: SplitStats::of(&set.train, classes),
            test: set.test.as_ref().map(|test| SplitStats::of(test, classes)),
            duplicates: Duplicates::of(&set.train, set.test.as_ref()),
        }
    }
}

impl SplitStats {
    /// Counts and measures `split`, whose labels are below `classes`.
    pub fn of(split: &Split, classes: usize) -> Self {
        let mut per_class = vec![0; classes];
        for &label in &split.labels {
            per_class[usize::from(label)] += 1;
        }
        let (pixel_mean, pixel_std) = mean_and_std(&split.pixels);
        Self { images: split.len(), height: split.height, width: split.width, per_class, pixel_mean, pixel_std }
    }
}

/// Exact sums in integers (2 GiB of pixels at 255^2 are 1.4e14), then two divisions. (0, 0) of nothing.
fn mean_and_std(pixels: &[u8]) -> (f64, f64) {
    let (sum, squares) = pixels.iter().fold((0u64, 0u64), |(sum, squares), &pixel| {
        let pixel = u64::from(pixel);
        (sum + pixel, squares + pixel * pixel)
    });
    let n = pixels.len().max(1) as f64;
    let mean = sum as f64 / n;
    let variance = (squares as f64 / n - mean * mean).max(0.0);
    (mean / 255.0, variance.sqrt() / 255.0)
}

impl Duplicates {
    /// Compares every image with all training images, by hash and then by pixels.
    pub fn of(train: &Split, test: Option<&Split>) -> Self {
        let mut found = Self::default();
        let mut first: HashMap<&[u8], u8> = HashMap::with_capacity(train.len());
        for (index, &label) in train.labels.iter().enumerate() {
            match first.entry(train.image(index)) {
                Entry::Vacant(unseen) => {
                    unseen.insert(label);
                }
                Entry::Occupied(seen) => {
                    found.within_train += 1;
                    found.within_train_other_label += usize::from(*seen.get() != label);
                }
            }
        }
        let test =
            test.into_iter().flat_map(|test| (0..test.len()).map(|index| (test.image(index), test.labels[index])));
        for (seen, label) in test.filter_map(|(image, label)| first.get(image).map(|&seen| (seen, label))) {
            found.train_in_test += 1;
            found.train_in_test_other_label += usize::from(seen != label);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pixels: &[u8], labels: &[u8]) -> Split {
        Split { pixels: pixels.to_vec(), labels: labels.to_vec(), height: 1, width: 2 }
    }

    #[test]
    fn counts_mean_and_spread_are_those_of_the_definition() {
        let stats = SplitStats::of(&split(&[0, 255, 255, 0], &[1, 1]), 3);
        assert_eq!(stats.per_class, [0, 2, 0]);
        assert_eq!((stats.pixel_mean, stats.pixel_std), (0.5, 0.5));
        assert_eq!(mean_and_std(&[]), (0.0, 0.0));
    }

    #[test]
    fn duplicates_are_counted_with_and_without_the_same_label() {
        let train = split(&[1, 2, 3, 4, 1, 2, 1, 2], &[0, 1, 0, 2]);
        let test = split(&[3, 4, 1, 2, 9, 9], &[1, 1, 1]);
        let expected =
            Duplicates { within_train: 2, within_train_other_label: 1, train_in_test: 2, train_in_test_other_label: 1 };
        assert_eq!(Duplicates::of(&train, Some(&test)), expected);
    }
}
