//! Smooth displacement: noise on a coarse grid, interpolated by Gaussians.
//!
//! Simard, Steinkraus and Platt (2003) blur a full field of uniform noise; noise on a grid of spacing sigma, weighted by
//! Gaussians of width sigma, has the same covariance to a percent and costs two small matrix products:
//! `D = G_y C G_x^T` with `G_y: [H, K_y]`, `C: [K_y, K_x]`, `G_x: [W, K_x]`.

/// The displacement field of images of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct ElasticField {
    /// Weights of the grid's rows on the image's rows, `[H, K_y]`; their squares sum to 1 in each row.
    pub rows: Vec<f32>,
    /// K_y.
    pub row_points: usize,
    /// Weights of the grid's columns on the image's columns, `[W, K_x]`.
    pub columns: Vec<f32>,
    /// K_x.
    pub column_points: usize,
    /// Coefficients are uniform in +- this; the displacement's standard deviation is `amplitude / sqrt(3)`.
    pub amplitude: f32,
}

impl ElasticField {
    /// A field with standard deviation `elastic` and smoothness `sigma`, both in pixels.
    pub(super) fn new(elastic: f32, sigma: f32, height: usize, width: usize) -> Self {
        let (rows, row_points) = weights(height, f64::from(sigma));
        let (columns, column_points) = weights(width, f64::from(sigma));
        let amplitude = (f64::from(elastic) * 3f64.sqrt()) as f32;
        Self { rows, row_points, columns, column_points, amplitude }
    }

    /// Coefficients of one image: two components of `K_y` x `K_x`.
    pub fn coefficients(&self) -> usize {
        2 * self.row_points * self.column_points
    }
}

/// Grid points on either side of the image, beyond which a Gaussian has fallen to 1 %.
const MARGIN: usize = 2;

/// `(weights [length, K], K)`: points at spacing sigma, centred on the image, `MARGIN` of them outside on either side.
fn weights(length: usize, sigma: f64) -> (Vec<f32>, usize) {
    let spans = ((length as f64 - 1.0) / sigma).ceil() as usize;
    let points = spans + 1 + 2 * MARGIN;
    let first = (length as f64 - 1.0) / 2.0 - sigma * (points as f64 - 1.0) / 2.0;
    let mut weights = Vec::with_capacity(length * points);
    for pixel in 0..length {
        let weight = |point: usize| {
            let distance = (pixel as f64 - first) / sigma - point as f64;
            exp_minus(distance * distance / 2.0)
        };
        let row: Vec<f64> = (0..points).map(weight).collect();
        let norm = row.iter().map(|w| w * w).sum::<f64>().sqrt();
        weights.extend(row.iter().map(|w| (w / norm) as f32));
    }
    (weights, points)
}

/// `e^-x` by squaring a series, the same on every platform: `(sum (-x/64)^k / k!)^64`, to 1e-13 relative for x to 64.
fn exp_minus(x: f64) -> f64 {
    let y = -x.min(64.0) / 64.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..20 {
        term *= y / f64::from(k);
        sum += term;
    }
    for _ in 0..6 {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_the_library_s() {
        for step in 0..640 {
            let x = f64::from(step) / 10.0;
            assert!((exp_minus(x) / (-x).exp() - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn displacement_varies_alike_everywhere_and_neighbours_move_together() {
        let field = ElasticField::new(1.0, 4.0, 28, 20);
        assert_eq!((field.row_points, field.column_points), (12, 10));
        let row = |y: usize| &field.rows[y * 12..][..12];
        let covariance = |a: usize, b: usize| row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum::<f32>();
        for y in 0..28 {
            assert!((covariance(y, y) - 1.0).abs() < 1e-6);
        }
        // Noise blurred with sigma has the covariance exp(-d^2 / 4 sigma^2).
        for (a, b) in [(5, 6), (5, 9), (10, 18), (3, 23)] {
            let distance = (b - a) as f32;
            let expected = (-distance * distance / 64.0).exp();
            assert!((covariance(a, b) - expected).abs() < 0.02, "{a}, {b}: {}, {expected}", covariance(a, b));
        }
    }
}
