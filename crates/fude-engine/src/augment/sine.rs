//! Sine and cosine that every platform computes alike: those of libraries differ in the last bit.

/// `(sin x, cos x)` for |x| up to pi, to 1e-12, by Taylor's series: its terms fall below that at the 25th power.
pub(super) fn sin_cos(x: f64) -> (f64, f64) {
    (x * series(x, 1), series(x, 0))
}

/// `1 - x^2 / ((s+1)(s+2)) + x^4 / ((s+1)(s+2)(s+3)(s+4)) - ...`
fn series(x: f64, start: i32) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for power in (start + 2..start + 26).step_by(2) {
        term *= -x * x / f64::from(power * (power - 1));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sine_and_cosine_to_twelve_digits() {
        for step in -314..=314 {
            let x = f64::from(step) / 100.0;
            let (sin, cos) = sin_cos(x);
            assert!((sin - x.sin()).abs() < 1e-12 && (cos - x.cos()).abs() < 1e-12, "{x}: {sin}, {cos}");
        }
    }
}
