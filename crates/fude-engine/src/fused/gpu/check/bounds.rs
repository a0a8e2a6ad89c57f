//! Twins that also say how far off f32 may be.

use super::close::Expected;
use fude_kernels::{activation, normalize};
use fude_model::Activation;

/// Half a unit in the last place of f32, relative.
const HALF_ULP: f64 = 1.0 / (1u64 << 24) as f64;

/// What a sum of `terms` products may be off by, whose sizes sum to `sizes`: rounding errors add up like a random walk,
/// and eight times that is never exceeded.
pub(super) fn sum_tolerance(terms: usize, sizes: f64) -> f64 {
    8.0 * (terms.max(1) as f64).sqrt() * HALF_ULP * sizes + f64::from(f32::MIN_POSITIVE)
}

/// `sum over k of a[k] b[k]`.
pub(super) fn product(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> Expected {
    let (mut value, mut sizes, mut terms) = (0.0, 0.0, 0);
    for (a, b) in a.zip(b) {
        value += a * b;
        sizes += (a * b).abs();
        terms += 1;
    }
    Expected { value, tolerance: sum_tolerance(terms, sizes) }
}

/// Activation of a linear output that is known to a tolerance, times a mask.
pub(super) fn value(kind: Activation, z: Expected, mask: f64) -> Expected {
    // Slopes are at most 1.13 (GELU); the polynomials are good to 3e-7 of the value, GELU's to 1.5e-7 of z.
    let own = 4e-7 * (z.value.abs() + activation::value(kind, z.value).abs());
    Expected { value: activation::value(kind, z.value) * mask, tolerance: mask * (1.2 * z.tolerance + own + 1e-9) }
}

/// The activation's derivative there, times a mask.
pub(super) fn slope(kind: Activation, z: Expected, mask: f64) -> Expected {
    // relu has two slopes where its input is zero within the tolerance: either will do.
    let torn = kind == Activation::Relu && z.value.abs() <= z.tolerance;
    let tolerance = if torn { 1.0 } else { z.tolerance + 1e-6 * (1.0 + z.value.abs()) };
    Expected { value: activation::derivative(kind, z.value) * mask, tolerance: mask * tolerance }
}

/// A product of two numbers known to tolerances.
pub(super) fn times(a: Expected, b: Expected) -> Expected {
    let value = a.value * b.value;
    let tolerance = a.tolerance * b.value.abs() + b.tolerance * a.value.abs() + a.tolerance * b.tolerance;
    Expected { value, tolerance: tolerance + 4.0 * HALF_ULP * value.abs() }
}

/// A row's linear output, normalised: `x = (z - mean) / s`.
pub(super) fn normalized(z: &[Expected]) -> Vec<Expected> {
    let row: Vec<f64> = z.iter().map(|z| z.value).collect();
    let x = normalize::forward(&row, row.len());
    let (blur, s) = (blur(z), deviation(&row));
    let tolerance = |x: f64| blur * (2.0 + x.abs()) / s + 1e-6 * (1.0 + x.abs());
    x.into_iter().map(|x| Expected { value: x, tolerance: tolerance(x) }).collect()
}

/// The gradient through a row's normalisation, from that of its result, `d`, and its linear output, `z`.
pub(super) fn through_normalization(d: &[Expected], z: &[Expected]) -> Vec<Expected> {
    let units = z.len() as f64;
    let row: Vec<f64> = z.iter().map(|z| z.value).collect();
    let gradient: Vec<f64> = d.iter().map(|d| d.value).collect();
    let dz = normalize::gradient(&gradient, &row, row.len());
    let x = normalized(z);
    let s = deviation(&row);
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let off_d = largest(&mut d.iter().map(|d| d.tolerance)) + 1e-6 * largest(&mut d.iter().map(|d| d.value.abs()));
    let off_x = largest(&mut x.iter().map(|x| x.tolerance));
    let size_d = d.iter().map(|d| d.value.abs()).sum::<f64>() / units;
    let tolerance = |x: f64, dz: f64| {
        let along = off_d * (1.0 + x.abs()) + size_d * off_x * (1.0 + x.abs());
        (2.0 * off_d + along) / s + dz.abs() * (blur(z) / s + 1e-6)
    };
    dz.iter().zip(&x).map(|(&dz, x)| Expected { value: dz, tolerance: tolerance(x.value, dz) }).collect()
}

/// What a row's mean and deviation may be off by.
fn blur(z: &[Expected]) -> f64 {
    let size = z.iter().map(|z| z.value.abs()).sum::<f64>() / z.len() as f64;
    z.iter().map(|z| z.tolerance).fold(0.0, f64::max) + sum_tolerance(z.len(), size)
}

/// `sqrt(var + eps)`.
fn deviation(row: &[f64]) -> f64 {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    let variance = row.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / row.len() as f64;
    (variance + normalize::EPSILON).sqrt()
}
