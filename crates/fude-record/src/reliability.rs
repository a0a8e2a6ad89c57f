//! How far a model's confidence can be believed: what it is right about when it says that it is 90 % sure.

use crate::Softmax;

/// Bins of confidence: as in the paper that most figures are compared with (Guo et al., "On calibration of modern neural
/// networks", 2017).
const BINS: usize = 15;

/// Confidences from which on a model might be let answer alone.
const LEAST_CONFIDENCES: [f64; 6] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99];

/// Accuracy against confidence (the probability of the predicted class) over N images.
#[derive(Clone, Debug, PartialEq)]
pub struct Reliability {
    /// N.
    pub samples: usize,
    /// 15 bins of equal width, from confidence 0 to 1.
    pub bins: Vec<ConfidenceBin>,
    /// What is left, and how right it is, where less confident answers are kept back.
    pub answers: Vec<Answers>,
}

/// The images whose confidence lies in one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConfidenceBin {
    /// Images in it.
    pub samples: usize,
    /// Sum of their confidences.
    pub confidence: f64,
    /// Those of them that are predicted right.
    pub correct: usize,
}

/// The answers with at least some confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answers {
    /// That confidence.
    pub least: f64,
    /// Share of all images that get an answer.
    pub answered: f64,
    /// Share of the answers that are right; none where there are none.
    pub accuracy: Option<f64>,
}

impl Reliability {
    /// From logits `[N, O]` and labels `[N]`. A NaN logit makes the error NaN.
    pub fn of(logits: &[f32], labels: &[u8], classes: usize) -> Self {
        let judged = |(row, &label): (&[f32], &u8)| {
            let softmax = Softmax::new(row);
            (softmax.confidence(), softmax.predicted == usize::from(label))
        };
        let judged: Vec<(f64, bool)> = logits.chunks_exact(classes.max(1)).zip(labels).map(judged).collect();
        let mut bins = vec![ConfidenceBin::default(); BINS];
        for &(confidence, is_right) in &judged {
            // A confidence of exactly 1 belongs to the last bin; NaN becomes 0.
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.samples += 1;
            bin.confidence += confidence;
            bin.correct += usize::from(is_right);
        }
        Self { samples: judged.len(), bins, answers: LEAST_CONFIDENCES.map(|least| answers(&judged, least)).into() }
    }

    /// Expected calibration error: the mean over images of how far accuracy and confidence lie apart in their bin, in
    /// [0, 1]. 0 where there are no images.
    pub fn error(&self) -> f64 {
        let apart = |bin: &ConfidenceBin| (bin.confidence - bin.correct as f64).abs();
        self.bins.iter().map(apart).sum::<f64>() / self.samples.max(1) as f64
    }

    /// Mean confidence less accuracy: over 0 where the model is surer than it is right.
    pub fn overconfidence(&self) -> f64 {
        let surplus = |bin: &ConfidenceBin| bin.confidence - bin.correct as f64;
        self.bins.iter().map(surplus).sum::<f64>() / self.samples.max(1) as f64
    }
}

impl ConfidenceBin {
    /// Mean confidence and accuracy; none for an empty bin.
    pub fn means(&self) -> Option<[f64; 2]> {
        let n = self.samples as f64;
        (self.samples > 0).then(|| [self.confidence / n, self.correct as f64 / n])
    }
}

fn answers(judged: &[(f64, bool)], least: f64) -> Answers {
    let given = judged.iter().filter(|(confidence, _)| *confidence >= least);
    let (count, right) =
        given.fold((0, 0), |(count, right), &(_, is_right)| (count + 1, right + usize::from(is_right)));
    Answers {
        least,
        answered: f64::from(count) / judged.len().max(1) as f64,
        accuracy: (count > 0).then(|| right as f64 / f64::from(count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two logits whose softmax gives the first class this probability.
    fn row(probability: f64) -> [f32; 2] {
        [(probability / (1.0 - probability)).ln() as f32, 0.0]
    }

    #[test]
    fn the_error_is_the_mean_distance_of_accuracy_and_confidence() {
        // Ten images at 0.9, of which six are right; ten at 0.7, of which eight are.
        let logits: Vec<f32> = [[row(0.9); 10], [row(0.7); 10]].concat().concat();
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        let reliability = Reliability::of(&logits, &labels, 2);
        assert!((reliability.error() - (0.3 + 0.1) / 2.0).abs() < 1e-6, "{}", reliability.error());
        assert!((reliability.overconfidence() - (0.8 - 0.7)).abs() < 1e-6);
        let [confidence, accuracy] = reliability.bins[13].means().unwrap();
        assert!((confidence - 0.9).abs() < 1e-6 && accuracy == 0.6);
        assert_eq!(reliability.bins.iter().filter(|bin| bin.means().is_some()).count(), 2);
    }

    #[test]
    fn keeping_unsure_answers_back_leaves_fewer() {
        let logits: Vec<f32> = [row(0.6), row(0.85), row(0.97), row(0.999)].concat();
        let answers = Reliability::of(&logits, &[1, 0, 1, 0], 2).answers;
        let found: Vec<_> = answers.iter().map(|a| (a.least, a.answered, a.accuracy)).collect();
        let half = Some(0.5);
        assert_eq!(found[..2], [(0.0, 1.0, half), (0.5, 1.0, half)]);
        assert_eq!(
            found[2..],
            [(0.8, 0.75, Some(2.0 / 3.0)), (0.9, 0.5, half), (0.95, 0.5, half), (0.99, 0.25, Some(1.0))]
        );
    }

    #[test]
    fn no_images_huge_logits_and_nan_do_not_panic() {
        assert_eq!((Reliability::of(&[], &[], 2).error(), Reliability::of(&[], &[], 0).samples), (0.0, 0));
        assert_eq!(Reliability::of(&[1e30, -1e30], &[0], 2).error(), 0.0);
        assert!(Reliability::of(&[f32::NAN, 0.0], &[0], 2).error().is_nan());
        assert_eq!(Reliability::of(&[0.0, 0.0], &[0], 2).answers[5].accuracy, None);
    }
}
