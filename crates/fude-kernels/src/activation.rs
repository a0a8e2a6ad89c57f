//! Activations in PyTorch's definitions, with their derivatives.

use fude_model::Activation;
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// `f(z)`.
pub fn value(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Relu => z.max(0.0),
        Activation::Gelu => z * normal_integral(z),
        Activation::Tanh => z.tanh(),
    }
}

/// `f'(z)`; 0 for relu at 0, as PyTorch has it.
pub fn derivative(activation: Activation, z: f64) -> f64 {
    match activation {
        Activation::Relu => f64::from(z > 0.0),
        Activation::Gelu => normal_integral(z) + z * (-z * z / 2.0).exp() / (2.0 * PI).sqrt(),
        Activation::Tanh => 1.0 - z.tanh().powi(2),
    }
}

/// The share of a standard normal distribution below z.
pub fn normal_integral(z: f64) -> f64 {
    0.5 * erfc(-z * FRAC_1_SQRT_2)
}

/// The complementary error function: Taylor series near 0, Lentz's continued fraction beyond.
pub fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    if x < 2.0 { 1.0 - erf_series(x) } else { erfc_fraction(x) }
}

/// `2 / sqrt(pi) * sum (-1)^n x^(2n+1) / (n! (2n+1))`.
fn erf_series(x: f64) -> f64 {
    let (mut power, mut sum) = (x, x);
    for n in 1..60 {
        let n = f64::from(n);
        power *= -x * x / n;
        sum += power / (2.0 * n + 1.0);
    }
    sum * 2.0 / PI.sqrt()
}

/// `e^(-x^2) / sqrt(pi) * 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))))`, from its tail.
fn erfc_fraction(x: f64) -> f64 {
    let tail = (1..200).rev().fold(x, |tail, n| x + f64::from(n) / 2.0 / tail);
    (-x * x).exp() / (PI.sqrt() * tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of C's `erfc` (Python: `math.erfc(x)`).
    #[test]
    fn erfc_has_its_published_values() {
        let table = [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.9, 0.007_209_570_764_742_532),
            (2.5, 0.000_406_952_017_444_958_9),
            (-1.0, 1.842_700_792_949_715),
        ];
        for (x, expected) in table {
            assert!((erfc(x) - expected).abs() < 1e-13 * expected.max(1e-3), "erfc({x}) = {}", erfc(x));
        }
    }

    #[test]
    fn derivatives_are_the_slopes_of_the_values() {
        for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
            for z in [-3.0, -0.7, 0.4, 2.5] {
                let h = 1e-5;
                let slope = (value(activation, z + h) - value(activation, z - h)) / (2.0 * h);
                assert!((slope - derivative(activation, z)).abs() < 1e-9, "{activation:?} at {z}");
            }
        }
    }
}
