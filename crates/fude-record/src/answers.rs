//! Answering only when sure enough: how many answers are left, and how many of them are right.

use crate::{Labelled, Softmax};

/// Confidences from which on a model might be let answer alone.
const LEAST_CONFIDENCES: [f64; 6] = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99];

/// The answers with at least some confidence (the probability of the predicted class).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answers {
    /// That confidence.
    pub least: f64,
    /// Share of all images that get an answer.
    pub answered: f64,
    /// Share of the answers that are right; none where there are none.
    pub accuracy: Option<f64>,
}

impl Labelled<'_> {
    /// What is left, and how right it is, at several least confidences. A NaN is no answer.
    pub fn answers(&self) -> Vec<Answers> {
        let judged = |(row, &label): (&[f32], &u8)| {
            let softmax = Softmax::new(row);
            (softmax.confidence(), softmax.predicted == usize::from(label))
        };
        let judged: Vec<(f64, bool)> =
            self.logits.chunks_exact(self.classes.max(1)).zip(self.labels).map(judged).collect();
        LEAST_CONFIDENCES.map(|least| answers(&judged, least)).into()
    }
}

fn answers(judged: &[(f64, bool)], least: f64) -> Answers {
    let given = judged.iter().filter(|(confidence, _)| *confidence >= least);
    let (count, right) = given.fold((0, 0), |(count, right), &(_, is_right)| (count + 1, right + u32::from(is_right)));
    Answers {
        least,
        answered: f64::from(count) / judged.len().max(1) as f64,
        accuracy: (count > 0).then(|| f64::from(right) / f64::from(count)),
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
    fn keeping_unsure_answers_back_leaves_fewer() {
        let logits: Vec<f32> = [row(0.6), row(0.85), row(0.97), row(0.999)].concat();
        let answers = Labelled { logits: &logits, labels: &[1, 0, 1, 0], classes: 2 }.answers();
        let found: Vec<_> = answers.iter().map(|a| (a.least, a.answered, a.accuracy)).collect();
        let half = Some(0.5);
        assert_eq!(found[..2], [(0.0, 1.0, half), (0.5, 1.0, half)]);
        assert_eq!(
            found[2..],
            [(0.8, 0.75, Some(2.0 / 3.0)), (0.9, 0.5, half), (0.95, 0.5, half), (0.99, 0.25, Some(1.0))]
        );
    }

    #[test]
    fn no_images_and_nan_give_no_answers() {
        let answers = |logits: &[f32], labels: &[u8]| Labelled { logits, labels, classes: 2 }.answers();
        assert_eq!(answers(&[], &[])[0].accuracy, None);
        assert_eq!(answers(&[0.0, 0.0], &[0])[5].accuracy, None);
        assert_eq!(answers(&[f32::NAN, 0.0], &[0])[1].answered, 0.0);
    }
}
