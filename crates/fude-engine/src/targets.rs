//! Targets of the loss, and the loss itself from logits on the host, in f64.

use crate::Totals;

/// One-hot targets `[B, O]` with label smoothing: `(1 - s) + s / O` at the label and `s / O` elsewhere.
pub(crate) fn targets(labels: impl Iterator<Item = u8>, classes: usize, smoothing: f32) -> Vec<f32> {
    let rest = smoothing / classes as f32;
    let mut targets = Vec::new();
    for label in labels {
        let row = targets.len();
        targets.resize(row + classes, rest);
        targets[row + usize::from(label)] += 1.0 - smoothing;
    }
    targets
}

/// Mixup of targets `[B, O]`: `own` of each row's and the rest of its partner's, row `B - 1 - i`.
pub(crate) fn mix(targets: &[f32], classes: usize, own: f32) -> Vec<f32> {
    let partners = targets.chunks_exact(classes).rev().flatten();
    targets.iter().zip(partners).map(|(a, b)| own * a + (1.0 - own) * b).collect()
}

/// Cross-entropy of logits `[B, O]` against targets `[B, O]`, summed, and the rows whose largest logit is at the label.
pub(crate) fn batch_totals(logits: &[f32], targets: &[f32], classes: usize) -> Totals {
    let mut totals = Totals::default();
    for (z, t) in logits.chunks_exact(classes).zip(targets.chunks_exact(classes)) {
        let largest = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = z.iter().map(|&z| f64::from(z - largest).exp()).sum();
        let log_sum = f64::from(largest) + sum.ln();
        totals.loss += z.iter().zip(t).map(|(&z, &t)| f64::from(t) * (log_sum - f64::from(z))).sum::<f64>();
        totals.correct += u64::from(first_largest(z) == first_largest(t));
        totals.samples += 1;
    }
    totals
}

fn first_largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothed_targets_sum_to_one_and_peak_at_the_label() {
        let t = targets([2u8, 0].into_iter(), 4, 0.1);
        assert_eq!(t.len(), 8);
        assert!((t[..4].iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((t[2] - 0.925).abs() < 1e-6 && (t[4] - 0.925).abs() < 1e-6);
    }

    #[test]
    fn mixed_targets_take_their_rest_from_the_row_at_the_other_end() {
        assert_eq!(mix(&[1.0, 0.0, 0.0, 1.0], 2, 0.75), [0.75, 0.25, 0.25, 0.75]);
    }

    #[test]
    fn totals_count_loss_and_hits() {
        let t = targets([0u8, 1].into_iter(), 2, 0.0);
        let totals = batch_totals(&[2.0, 0.0, 1.0, 0.0], &t, 2);
        assert!((totals.loss - (0.126_928 + 1.313_262)).abs() < 1e-5);
        assert_eq!((totals.correct, totals.samples), (1, 2));
        assert!(batch_totals(&[f32::NAN, 0.0], &t[..2], 2).loss.is_nan());
    }
}
