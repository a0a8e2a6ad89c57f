//! Mixup's shares (Zhang, Cisse, Dauphin and Lopez-Paz 2018).

use fude_random::{Stream, uniform};

/// The share of its own image that a row of a step keeps: drawn from Beta(alpha, alpha), the larger of it and the rest,
/// so that a row's own label stays its main one. Rows and partners are symmetric: nothing is lost by that.
pub(crate) fn share(alpha: f64, seed: u32, epoch: u32, step: u32) -> f32 {
    let beta = beta(alpha, |attempt| Stream::Mixup.block(seed, [epoch, step, attempt, 0]));
    beta.max(1.0 - beta) as f32
}

/// Johnk's generator (1964): `x / (x + y)` with `x = u^(1/alpha)`, `y = v^(1/alpha)`, where their sum is at most 1. That is so
/// for one attempt in six at alpha = 2, the largest that experiments may have: 64 fail once in 100,000 draws.
fn beta(alpha: f64, words: impl Fn(u32) -> [u32; 4]) -> f64 {
    for attempt in 0..64 {
        let [u, v, ..] = words(attempt);
        let power = |word| (f64::from(uniform(word)) + f64::EPSILON).powf(1.0 / alpha);
        let (x, y) = (power(u), power(v));
        if x + y <= 1.0 && x + y > 0.0 {
            return x / (x + y);
        }
    }
    0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_beta_distribution_s_mean_and_variance() {
        for alpha in [0.2, 0.4, 1.0, 2.0] {
            let draws: Vec<f64> =
                (0..20_000).map(|step| beta(alpha, |a| Stream::Mixup.block(1, [0, step, a, 0]))).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / draws.len() as f64;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!(
                (mean - 0.5).abs() < 0.015 && (variance / expected - 1.0).abs() < 0.05,
                "{alpha}: {mean}, {variance}"
            );
        }
        assert!((0..100).all(|step| (0.5..=1.0).contains(&share(0.2, 1, 0, step))));
    }
}
