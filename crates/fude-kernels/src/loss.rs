//! Softmax cross-entropy.

/// Targets `[B, O]`: `(1 - s) + s / O` at the label and `s / O` elsewhere.
pub fn targets(labels: &[u8], classes: usize, smoothing: f64) -> Vec<f64> {
    let target = |label: u8, class: usize| {
        smoothing / classes as f64 + if usize::from(label) == class { 1.0 - smoothing } else { 0.0 }
    };
    labels.iter().flat_map(|&label| (0..classes).map(move |class| target(label, class))).collect()
}

/// Each sample's loss `-sum_o t_o log softmax(z)_o`, `[B]`, of logits and targets `[B, O]`.
pub fn cross_entropy(logits: &[f64], targets: &[f64], classes: usize) -> Vec<f64> {
    let rows = logits.chunks_exact(classes).zip(targets.chunks_exact(classes));
    rows.map(|(z, t)| log_softmax(z).iter().zip(t).map(|(log_p, t)| -t * log_p).sum()).collect()
}

/// The gradient of the mean loss with respect to the logits, `[B, O]`: `(softmax(z) - t) / B`.
pub fn gradient(logits: &[f64], targets: &[f64], classes: usize) -> Vec<f64> {
    let batch = (logits.len() / classes) as f64;
    let p = logits.chunks_exact(classes).flat_map(log_softmax).map(f64::exp);
    p.zip(targets).map(|(p, t)| (p - t) / batch).collect()
}

fn log_softmax(z: &[f64]) -> Vec<f64> {
    let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = largest + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln();
    z.iter().map(|z| z - log_sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_lose_the_logarithm_of_the_classes() {
        let t = targets(&[1, 3], 4, 0.0);
        let losses = cross_entropy(&[5.0; 8], &t, 4);
        assert!(losses.iter().all(|loss| (loss - 4.0f64.ln()).abs() < 1e-12));
        assert_eq!(
            gradient(&[5.0; 8], &t, 4)[..4].iter().map(|g| (g * 8.0).round()).collect::<Vec<_>>(),
            [1., -3., 1., 1.]
        );
    }
}
