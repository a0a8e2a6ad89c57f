//! Layer normalisation without parameters of its own: `x = (z - mean) / sqrt(var + eps)` over a row's H units.

/// Added to the variance, PyTorch's default.
pub const EPSILON: f64 = 1e-5;

/// The normalised rows of `z: [B, H]`.
pub fn forward(z: &[f64], units: usize) -> Vec<f64> {
    z.chunks_exact(units)
        .flat_map(|row| {
            let (mean, s) = moments(row);
            row.iter().map(move |z| (z - mean) / s)
        })
        .collect()
}

/// The loss's gradient with respect to z, `[B, H]`, from that with respect to x, `dx: [B, H]`:
/// `(dx - mean(dx) - x mean(dx x)) / s`.
pub fn gradient(dx: &[f64], z: &[f64], units: usize) -> Vec<f64> {
    let mut dz = Vec::with_capacity(dx.len());
    for (dx, z) in dx.chunks_exact(units).zip(z.chunks_exact(units)) {
        let (mean, s) = moments(z);
        let x: Vec<f64> = z.iter().map(|z| (z - mean) / s).collect();
        let mean_dx = dx.iter().sum::<f64>() / units as f64;
        let mean_product = dx.iter().zip(&x).map(|(dx, x)| dx * x).sum::<f64>() / units as f64;
        dz.extend(dx.iter().zip(&x).map(|(dx, x)| (dx - mean_dx - x * mean_product) / s));
    }
    dz
}

/// `(mean, sqrt(var + eps))`, the variance biased.
fn moments(row: &[f64]) -> (f64, f64) {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    let variance = row.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / row.len() as f64;
    (mean, (variance + EPSILON).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_mean_zero_and_variance_one() {
        let x = forward(&[1.0, 2.0, 6.0, -4.0, 0.0, 4.0], 3);
        for row in x.chunks_exact(3) {
            let square = row.iter().map(|x| x * x).sum::<f64>() / 3.0;
            assert!(row.iter().sum::<f64>().abs() < 1e-12 && (square - 1.0).abs() < 1e-5, "{row:?}");
        }
        assert_eq!(forward(&[7.0], 1), [0.0]);
    }
}
