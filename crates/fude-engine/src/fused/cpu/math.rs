//! exp, tanh and the normal distribution as polynomials: one text for every device, no library call in a hot loop.

use super::simd::{Lanes, ROUNDER};

/// `c[0] + x (c[1] + x (c[2] + ...))`.
#[inline(always)]
fn polynomial<V: Lanes, const D: usize>(x: V, c: [f32; D]) -> V {
    let mut sum = V::splat(c[D - 1]);
    for power in (0..D - 1).rev() {
        sum = sum.mul_add(x, V::splat(c[power]));
    }
    sum
}

/// `e^x` to 2e-7 relative, for x clamped to [-87, 88]. Coefficients: Cephes `expf` (S. Moshier).
#[inline(always)]
pub(super) fn exp<V: Lanes>(x: V) -> V {
    let x = V::splat(88.0).min(V::splat(-87.0).max(x));
    let shifted = x.mul_add(V::splat(std::f32::consts::LOG2_E), V::splat(ROUNDER));
    let n = shifted.sub(V::splat(ROUNDER));
    // ln 2 in two parts, the first exact in few bits.
    let r = n.mul_add(V::splat(2.121_944_4e-4), n.mul_add(V::splat(-0.693_359_4), x));
    let tail = polynomial(r, [0.5, 1.666_666_5e-1, 4.166_579_6e-2, 8.333_452e-3, 1.398_2e-3, 1.987_569_1e-4]);
    let one_plus = tail.mul_add(r.mul(r), r.add(V::splat(1.0)));
    one_plus.mul(shifted.power_of_two())
}

/// tanh to 3e-7 relative: the rational approximation of Eigen's `ptanh`, x clamped to +-7.9053.
#[inline(always)]
pub(super) fn tanh<V: Lanes>(x: V) -> V {
    const LIMIT: f32 = 7.905_311;
    let x = V::splat(LIMIT).min(V::splat(-LIMIT).max(x));
    let square = x.mul(x);
    let odd =
        [4.893_524_6e-3, 6.372_619_3e-4, 1.485_722_4e-5, 5.122_297e-8, -8.604_672e-11, 2.000_188e-13, -2.760_768_5e-16];
    let even = [4.893_525e-3, 2.268_434_6e-3, 1.185_347e-4, 1.198_258_4e-6];
    x.mul(polynomial(square, odd)).div(polynomial(square, even))
}

/// The normal distribution's integral up to x, to 1e-7 absolute, and its density at x.
///
/// Abramowitz and Stegun, formula 7.1.26: `erfc(y) = t (a1 + a2 t + ...) e^(-y^2)`, `t = 1 / (1 + p y)`, `y >= 0`.
#[inline(always)]
pub(super) fn normal<V: Lanes>(x: V) -> (V, V) {
    let zero = V::splat(0.0);
    let size = x.max(zero.sub(x));
    let y = size.mul(V::splat(std::f32::consts::FRAC_1_SQRT_2));
    let t = V::splat(1.0).div(y.mul_add(V::splat(0.327_591_1), V::splat(1.0)));
    let a = [0.254_829_6, -0.284_496_74, 1.421_413_7, -1.453_152, 1.061_405_4];
    let bell = exp(zero.sub(y.mul(y)));
    let upper = polynomial(t, a).mul(t).mul(bell).mul(V::splat(0.5));
    let lower = V::splat(1.0).sub(upper);
    // Where x > 0 the integral is 1 - upper, else it is upper.
    let integral = upper.add(lower.sub(upper).where_positive(x));
    (integral, bell.mul(V::splat(0.398_942_3)))
}
