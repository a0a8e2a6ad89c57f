//! How far an accuracy might be off for want of images.

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_964;

/// The 95 % interval of a share that was found to be `share` of `n` (Wilson, 1927), which stays within [0, 1] and is of
/// use near its ends too. The whole of [0, 1] where n is 0.
pub fn share_interval(share: f64, n: usize) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let n = n as f64;
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    [((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `p, n, z = .87, 1000, 1.959964; c, h = p + z*z/2/n, z * (p*(1-p)/n + z*z/4/n/n)**.5;
    /// [(c - h) / (1 + z*z/n), (c + h) / (1 + z*z/n)]`, and the same of 10 of 10.
    #[test]
    fn the_interval_is_that_of_the_score_test() {
        for (right, n, expected) in [(870.0, 1000, [0.847_732, 0.889_436]), (10.0, 10, [0.722_467, 1.0])] {
            let found = share_interval(right / n as f64, n);
            let off = found.iter().zip(expected).map(|(a, b): (&f64, f64)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-4, "{found:?}, expected {expected:?}");
        }
        assert_eq!(share_interval(0.3, 0), [0.0, 1.0]);
    }
}
