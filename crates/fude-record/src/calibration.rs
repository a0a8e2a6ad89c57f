//! Whether a model is right as often as it is sure: calibration error, reliability, and the temperature that mends it.

use crate::Softmax;
use serde::{Deserialize, Serialize};

/// Bins of confidence, of equal width, as in Guo et al. 2017 ("On Calibration of Modern Neural Networks").
pub const CONFIDENCE_BINS: usize = 15;

/// A model's calibration on a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error: mean distance between confidence and accuracy over the bins, weighted by their images.
    pub error: f64,
    /// The bins that hold images, from unsure to sure: what a reliability plot shows.
    pub bins: Vec<ConfidenceBin>,
    /// T, by which logits are divided so that the loss on the *validation* split is lowest; null without one. Classes stay
    /// as predicted.
    pub temperature: Option<f64>,
    /// The calibration error at T.
    pub scaled_error: Option<f64>,
    /// The loss at T, in nats.
    pub scaled_loss: Option<f64>,
}

/// The images whose predicted class has a probability in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceBin {
    /// Where the interval begins; it is 1 / 15 wide.
    pub from: f64,
    /// Images in it.
    pub images: u32,
    /// Mean probability of the predicted class.
    pub confidence: f64,
    /// Share of them that are right.
    pub accuracy: f64,
}

/// Logits `[N, O]` of a split and its labels `[N]`.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// `[N, O]` row by row.
    pub logits: &'a [f32],
    /// `[N]`.
    pub labels: &'a [u8],
    /// O.
    pub classes: usize,
}

impl Calibration {
    /// Mean confidence less accuracy: over 0 where the model is surer than it is right.
    pub fn overconfidence(&self) -> f64 {
        let images: u32 = self.bins.iter().map(|bin| bin.images).sum();
        let surplus = |bin: &ConfidenceBin| f64::from(bin.images) * (bin.confidence - bin.accuracy);
        self.bins.iter().map(surplus).sum::<f64>() / f64::from(images.max(1))
    }

    /// Of a split; at the temperature that fits `validation` best, where there is one.
    pub fn of(split: Labelled<'_>, validation: Option<Labelled<'_>>) -> Self {
        let bins = split.bins(1.0);
        let temperature = validation.filter(|split| !split.labels.is_empty()).map(|split| split.best_temperature());
        Self {
            error: error(&bins),
            bins,
            temperature,
            scaled_error: temperature.map(|t| error(&split.bins(t))),
            scaled_loss: temperature.map(|t| split.loss(t)),
        }
    }
}

/// Temperatures that are looked at; outside of them a model is not badly calibrated, but broken.
const COLDEST: f64 = 0.05;
const WARMEST: f64 = 20.0;

impl Labelled<'_> {
    fn rows(&self, temperature: f64) -> impl Iterator<Item = (Softmax, f64, usize)> {
        self.logits.chunks_exact(self.classes.max(1)).zip(self.labels).map(move |(row, &label)| {
            let scaled: Vec<f32> = row.iter().map(|&logit| (f64::from(logit) / temperature) as f32).collect();
            let softmax = Softmax::new(&scaled);
            let loss = softmax.loss(scaled[usize::from(label)]);
            (softmax, loss, usize::from(label))
        })
    }

    /// Mean cross-entropy in nats at a temperature.
    fn loss(&self, temperature: f64) -> f64 {
        self.rows(temperature).map(|(_, loss, _)| loss).sum::<f64>() / self.labels.len().max(1) as f64
    }

    fn bins(&self, temperature: f64) -> Vec<ConfidenceBin> {
        let mut sums = [(0u32, 0.0, 0u32); CONFIDENCE_BINS];
        for (softmax, _, label) in self.rows(temperature) {
            let confidence = softmax.confidence();
            // A NaN falls into the first.
            let bin = ((confidence * CONFIDENCE_BINS as f64) as usize).min(CONFIDENCE_BINS - 1);
            let (images, sum, right) = &mut sums[bin];
            *images += 1;
            *sum += confidence;
            *right += u32::from(softmax.predicted == label);
        }
        let filled = sums.iter().enumerate().filter(|(_, (images, ..))| *images > 0);
        let bin = |(index, &(images, sum, right)): (usize, &(u32, f64, u32))| ConfidenceBin {
            from: index as f64 / CONFIDENCE_BINS as f64,
            images,
            confidence: sum / f64::from(images),
            accuracy: f64::from(right) / f64::from(images),
        };
        filled.map(bin).collect()
    }

    /// The temperature with the lowest loss, by golden-section search over its logarithm: the loss is convex in 1 / T, so
    /// there is one lowest point.
    pub fn best_temperature(&self) -> f64 {
        let golden = (5.0f64.sqrt() - 1.0) / 2.0;
        let at = |log: f64| self.loss(log.exp());
        let (mut low, mut high) = (COLDEST.ln(), WARMEST.ln());
        let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
        let (mut at_left, mut at_right) = (at(left), at(right));
        // To a thousandth of T.
        while high - low > 1e-3 {
            if at_left <= at_right {
                (high, right, at_right) = (right, left, at_left);
                left = high - golden * (high - low);
                at_left = at(left);
            } else {
                (low, left, at_left) = (left, right, at_right);
                right = low + golden * (high - low);
                at_right = at(right);
            }
        }
        ((low + high) / 2.0).exp()
    }
}

fn error(bins: &[ConfidenceBin]) -> f64 {
    let images: u32 = bins.iter().map(|bin| bin.images).sum();
    let gaps = bins.iter().map(|bin| f64::from(bin.images) * (bin.confidence - bin.accuracy).abs());
    gaps.sum::<f64>() / f64::from(images.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes with probability `p` for class 0 each time, of which a share `right` is right.
    fn split(p: f64, right: usize, n: usize) -> (Vec<f32>, Vec<u8>) {
        let logit = (p / (1.0 - p)).ln() as f32;
        ((0..n).flat_map(|_| [logit, 0.0]).collect(), (0..n).map(|i| u8::from(i >= right)).collect())
    }

    fn labelled<'a>((logits, labels): &'a (Vec<f32>, Vec<u8>)) -> Labelled<'a> {
        Labelled { logits, labels, classes: 2 }
    }

    #[test]
    fn the_error_is_the_gap_between_confidence_and_accuracy() {
        let data = split(0.9, 60, 100);
        let calibration = Calibration::of(labelled(&data), None);
        assert!((calibration.error - 0.3).abs() < 1e-6, "{calibration:?}");
        assert!((calibration.overconfidence() - 0.3).abs() < 1e-6);
        let [bin] = calibration.bins[..] else { panic!("{calibration:?}") };
        assert_eq!((bin.images, bin.accuracy), (100, 0.6));
        assert!((bin.confidence - 0.9).abs() < 1e-6 && bin.from <= 0.9 && 0.9 < bin.from + 1.0 / 15.0);
        assert_eq!((calibration.temperature, calibration.scaled_error), (None, None));
    }

    /// With one logit l for all, the loss is lowest where sigmoid(l / T) is the accuracy: T = ln 9 / ln 1.5 for 0.9 and 0.6.
    #[test]
    fn the_temperature_makes_confidence_what_accuracy_is() {
        let data = split(0.9, 60, 100);
        let calibration = Calibration::of(labelled(&data), Some(labelled(&data)));
        let expected = 9.0f64.ln() / 1.5f64.ln();
        let found = calibration.temperature.unwrap();
        assert!((found / expected - 1.0).abs() < 2e-3, "{found}, expected {expected}");
        assert!(calibration.scaled_error.unwrap() < 1e-3);
        assert!(calibration.scaled_loss.unwrap() < labelled(&data).loss(1.0));
    }

    #[test]
    fn a_split_without_images_has_no_error() {
        let none = (vec![], vec![]);
        assert_eq!(Calibration::of(labelled(&none), Some(labelled(&none))).error, 0.0);
    }
}
