//! Activations with their derivatives.

use super::math::{normal, tanh};
use super::simd::Lanes;
use fude_model::Activation;

/// The activation of `z` and its derivative there.
#[inline(always)]
pub(super) fn activate<V: Lanes>(activation: Activation, z: V) -> (V, V) {
    match activation {
        // A NaN comes through: max takes its second argument then.
        Activation::Relu => (V::splat(0.0).max(z), V::splat(1.0).where_positive(z)),
        Activation::Tanh => {
            let y = tanh(z);
            (y, V::splat(0.0).sub(y).mul_add(y, V::splat(1.0)))
        }
        Activation::Gelu => {
            let (integral, density) = normal(z);
            (z.mul(integral), z.mul_add(density, integral))
        }
    }
}
