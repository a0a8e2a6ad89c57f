//! Loss, accuracy and everything else that is measured, from logits, in one place.

use serde::{Deserialize, Serialize};

/// What a model scores on labelled images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// N, the images evaluated.
    pub samples: usize,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of images whose largest logit is the label's, in [0, 1].
    pub accuracy: f64,
    /// Counts `[O, O]`: a row a true class, a column a predicted one.
    pub confusion: Vec<Vec<u32>>,
}

/// Precision, recall and F1 of one class; null where nothing was predicted as, or is of, the class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// The class.
    pub class: String,
    /// Share of the images predicted as this class that are of it.
    pub precision: Option<f64>,
    /// Share of the images of this class that were predicted so.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Images of this class.
    pub support: u32,
}

/// An image whose class was predicted wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mistake {
    /// Its index in the split.
    pub index: usize,
    /// The label.
    pub label: u8,
    /// The class with the largest logit.
    pub predicted: u8,
    /// The probability given to the predicted class.
    pub probability: f64,
}

/// The softmax of one row of logits, in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// The class with the largest logit; the lowest index where several are equal.
    pub predicted: usize,
    /// Natural logarithm of the sum of exponentials.
    pub log_sum: f64,
    largest: f64,
}

impl Softmax {
    /// Of the logits `[O]` of one image.
    pub fn new(logits: &[f32]) -> Self {
        let mut predicted = 0;
        for (class, logit) in logits.iter().enumerate() {
            if *logit > logits[predicted] {
                predicted = class;
            }
        }
        let largest = f64::from(logits[predicted]);
        let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
        Self { predicted, log_sum: largest + sum.ln(), largest }
    }

    /// Cross-entropy in nats if the class with this logit is the true one.
    pub fn loss(&self, logit: f32) -> f64 {
        self.log_sum - f64::from(logit)
    }

    /// The probability of the predicted class.
    pub fn confidence(&self) -> f64 {
        (self.largest - self.log_sum).exp()
    }
}

/// Scores logits `[N, O]` against labels `[N]`. A NaN logit makes the loss NaN.
pub fn evaluate(logits: &[f32], labels: &[u8], classes: usize) -> Evaluation {
    let mut confusion = vec![vec![0u32; classes]; classes];
    let mut loss = 0.0;
    let mut correct = 0usize;
    for (row, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
        let softmax = Softmax::new(row);
        loss += softmax.loss(row[usize::from(label)]);
        correct += usize::from(softmax.predicted == usize::from(label));
        confusion[usize::from(label)][softmax.predicted] += 1;
    }
    let n = labels.len().max(1) as f64;
    Evaluation { samples: labels.len(), loss: loss / n, accuracy: correct as f64 / n, confusion }
}

/// The wrongly predicted images, the most confident first; at most `limit`.
pub fn worst_mistakes(logits: &[f32], labels: &[u8], classes: usize, limit: usize) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = logits
        .chunks_exact(classes.max(1))
        .zip(labels)
        .enumerate()
        .filter_map(|(index, (row, &label))| {
            let softmax = Softmax::new(row);
            let wrong = softmax.predicted != usize::from(label);
            let predicted = softmax.predicted as u8;
            wrong.then(|| Mistake { index, label, predicted, probability: softmax.confidence() })
        })
        .collect();
    mistakes.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.index.cmp(&b.index)));
    mistakes.truncate(limit);
    mistakes
}

impl Evaluation {
    /// Precision, recall and F1 of each class.
    pub fn per_class(&self, classes: &[String]) -> Vec<ClassMetrics> {
        class_metrics(&self.confusion, classes)
    }
}

/// Counts `[O, O]` of predictions against labels `[N]`: a row a true class, a column a predicted one.
pub fn confusion_of(predicted: impl Iterator<Item = usize>, labels: &[u8], classes: usize) -> Vec<Vec<u32>> {
    let mut confusion = vec![vec![0u32; classes]; classes];
    for (&label, predicted) in labels.iter().zip(predicted) {
        confusion[usize::from(label)][predicted] += 1;
    }
    confusion
}

/// Share of the counted images on the diagonal, in [0, 1]; 0 where nothing was counted.
pub fn accuracy_of(confusion: &[Vec<u32>]) -> f64 {
    let hits: u32 = confusion.iter().enumerate().map(|(class, row)| row[class]).sum();
    let all: u32 = confusion.iter().flatten().sum();
    f64::from(hits) / f64::from(all.max(1))
}

/// Precision, recall and F1 of each class from confusion counts `[O, O]`.
pub fn class_metrics(confusion: &[Vec<u32>], classes: &[String]) -> Vec<ClassMetrics> {
    let column = |class: usize| confusion.iter().map(|row| row[class]).sum::<u32>();
    let share = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
    let of_class = |(class, row): (usize, &Vec<u32>)| {
        let (hits, support) = (row[class], row.iter().sum::<u32>());
        ClassMetrics {
            class: classes.get(class).cloned().unwrap_or_else(|| class.to_string()),
            precision: share(hits, column(class)),
            recall: share(hits, support),
            f1: share(2 * hits, support + column(class)),
            support,
        }
    };
    confusion.iter().enumerate().map(of_class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_accuracy_and_confusion_follow_from_the_logits() {
        let logits = [2.0, 0.0, 0.0, 1.0, 0.0, 3.0];
        let scores = evaluate(&logits, &[0, 1, 0], 2);
        let expected = (0.126_928 + 0.313_262 + 3.048_587) / 3.0;
        assert!((scores.loss - expected).abs() < 1e-5, "{}", scores.loss);
        assert_eq!(scores.confusion, [[1, 1], [0, 1]]);
        assert!((scores.accuracy - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn huge_logits_do_not_overflow_and_nan_shows() {
        assert!(evaluate(&[1e30, -1e30], &[0], 2).loss.abs() < 1e-9);
        assert!(evaluate(&[f32::NAN, 0.0], &[0], 2).loss.is_nan());
    }

    #[test]
    fn per_class_figures_are_null_where_there_is_nothing_to_divide_by() {
        let names = ["a".to_owned(), "b".to_owned()];
        let classes = evaluate(&[1.0, 0.0, 1.0, 0.0], &[0, 0], 2).per_class(&names);
        assert_eq!((classes[0].precision, classes[0].recall, classes[0].f1), (Some(1.0), Some(1.0), Some(1.0)));
        assert_eq!((classes[1].precision, classes[1].recall, classes[1].f1), (None, None, None));
    }

    #[test]
    fn the_most_confident_mistake_comes_first() {
        let logits = [1.0, 0.0, 5.0, 0.0, 0.0, 1.0];
        let mistakes = worst_mistakes(&logits, &[1, 1, 1], 2, 10);
        assert_eq!(mistakes.iter().map(|m| m.index).collect::<Vec<_>>(), [1, 0]);
    }
}
