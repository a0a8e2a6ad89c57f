//! The gradient's norm over all layers, and how far it is scaled down.

use super::weights::LayerWeights;

/// What a gradient is multiplied with so that its norm is at most `largest`: `min(1, largest / (norm + 1e-6))`, as
/// `torch.nn.utils.clip_grad_norm_` has it. From the stored sums of squares, in f64, in their order.
pub(super) fn clip_factor(layers: &[LayerWeights], largest: f32) -> f32 {
    let mut squares = 0.0;
    for (_, sums) in layers.iter().filter_map(|layer| layer.gradient.as_ref()) {
        for row in 0..sums.rows() {
            // SAFETY: all rows were written before the last barrier.
            squares += f64::from(unsafe { *sums.at(row, 0) });
        }
    }
    let norm = squares.sqrt();
    // A norm that is no number leaves the gradient to be one neither: the loss will tell.
    if norm.is_nan() { f32::NAN } else { (f64::from(largest) / (norm + 1e-6)).min(1.0) as f32 }
}
