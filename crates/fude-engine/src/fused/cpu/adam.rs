//! Adam and AdamW with PyTorch's semantics, on vectors.

use super::simd::Lanes;
use crate::OptimizerSpec;

/// The numbers of one step's update, the same for every parameter.
#[derive(Clone, Copy, Debug)]
pub(in crate::fused) struct AdamStep {
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    /// `learning rate / (1 - beta1^t)`, negative.
    pub(in crate::fused) minus_rate: f32,
    /// `1 / sqrt(1 - beta2^t)`.
    pub(in crate::fused) inverse_root: f32,
    epsilon: f32,
    /// Weight decay as part of the gradient.
    coupled: f32,
    /// `1 - learning rate * decay`, for decoupled decay.
    pub(in crate::fused) shrink: f32,
    /// `1 - decay` of the average of the weights.
    pub(in crate::fused) follow: f32,
}

/// A parameter and its moments, a vector of them.
#[derive(Clone, Copy)]
pub(super) struct Adam<V> {
    pub(super) w: V,
    pub(super) m: V,
    pub(super) v: V,
}

impl AdamStep {
    /// Step `time`, from 1, at a learning rate.
    pub(in crate::fused) fn new(spec: &OptimizerSpec, ema_decay: Option<f32>, learning_rate: f32, time: u64) -> Self {
        let (beta1, beta2) = (f64::from(spec.beta1), f64::from(spec.beta2));
        let (rate, decay) = (f64::from(learning_rate), f64::from(spec.weight_decay));
        let time = time.min(i32::MAX as u64) as i32;
        Self {
            beta1: spec.beta1,
            one_minus_beta1: (1.0 - beta1) as f32,
            beta2: spec.beta2,
            one_minus_beta2: (1.0 - beta2) as f32,
            minus_rate: (-rate / (1.0 - beta1.powi(time))) as f32,
            inverse_root: (1.0 / (1.0 - beta2.powi(time)).sqrt()) as f32,
            epsilon: spec.epsilon,
            coupled: if spec.decoupled { 0.0 } else { spec.weight_decay },
            shrink: if spec.decoupled { (1.0 - rate * decay) as f32 } else { 1.0 },
            follow: ema_decay.map_or(1.0, |decay| (1.0 - f64::from(decay)) as f32),
        }
    }

    /// Updates a parameter by the gradient `g` of the loss.
    #[inline(always)]
    pub(super) fn update<V: Lanes>(&self, Adam { w, m, v }: Adam<V>, g: V) -> Adam<V> {
        let g = w.mul_add(V::splat(self.coupled), g);
        let m = m.mul_add(V::splat(self.beta1), g.mul(V::splat(self.one_minus_beta1)));
        let v = v.mul_add(V::splat(self.beta2), g.mul(g).mul(V::splat(self.one_minus_beta2)));
        let root = v.sqrt().mul_add(V::splat(self.inverse_root), V::splat(self.epsilon));
        let change = m.mul(V::splat(self.minus_rate)).div(root);
        Adam { w: w.mul_add(V::splat(self.shrink), change), m, v }
    }

    /// The average of a weight, one step later.
    #[inline(always)]
    pub(super) fn average<V: Lanes>(&self, average: V, w: V) -> V {
        w.sub(average).mul_add(V::splat(self.follow), average)
    }
}
