//! The images that a model finds hardest, class by class.

use crate::Softmax;

/// An image with what the model made of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hard {
    /// Its index in the split.
    pub index: usize,
    /// The label.
    pub label: u8,
    /// The class with the largest logit.
    pub predicted: u8,
    /// The probability given to the label.
    pub probability: f64,
}

/// For each class `[O]`, its images to which the least probability of being of it was given, the least first; at most
/// `limit` a class. Logits are `[N, O]`, labels `[N]`.
pub fn hardest(logits: &[f32], labels: &[u8], classes: usize, limit: usize) -> Vec<Vec<Hard>> {
    let mut of_class: Vec<Vec<Hard>> = vec![Vec::new(); classes];
    for (index, (row, &label)) in logits.chunks_exact(classes.max(1)).zip(labels).enumerate() {
        let softmax = Softmax::new(row);
        let probability = (-softmax.loss(row[usize::from(label)])).exp();
        of_class[usize::from(label)].push(Hard { index, label, predicted: softmax.predicted as u8, probability });
    }
    for images in &mut of_class {
        images.sort_by(|a, b| a.probability.total_cmp(&b.probability).then(a.index.cmp(&b.index)));
        images.truncate(limit);
    }
    of_class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_own_with_the_least_sure_first() {
        let logits = [3.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 2.0];
        let found = hardest(&logits, &[0, 0, 0, 1], 2, 2);
        let indices: Vec<Vec<usize>> = found.iter().map(|of| of.iter().map(|hard| hard.index).collect()).collect();
        assert_eq!(indices, [vec![1, 2], vec![3]]);
        assert_eq!((found[0][0].label, found[0][0].predicted), (0, 1));
        assert!((found[0][0].probability - 0.268_941).abs() < 1e-5);
        assert!(hardest(&[], &[], 0, 3).is_empty());
    }
}
