//! Clipping of the gradient's global norm.

use super::model::Model;
use burn::tensor::{Gradients, Tensor};

/// Scales all gradients by `min(1, largest / (norm + 1e-6))`, norm over all of them together, as
/// `torch.nn.utils.clip_grad_norm_` does.
pub(super) fn clip(model: &Model, gradients: &mut Gradients, largest: f32) {
    let mut squares: Option<Tensor<1>> = None;
    for layer in &model.layers {
        for sum in [squares_of(&layer.weight, gradients), squares_of(&layer.bias, gradients)].into_iter().flatten() {
            squares = Some(squares.map_or(sum.clone(), |squares| squares + sum));
        }
    }
    let Some(squares) = squares else { return };
    let factor = squares.sqrt().add_scalar(1e-6).recip().mul_scalar(largest).clamp_max(1.0);
    for layer in &model.layers {
        scale(&layer.weight, gradients, &factor);
        scale(&layer.bias, gradients, &factor);
    }
}

fn squares_of<const D: usize>(parameter: &Tensor<D>, gradients: &Gradients) -> Option<Tensor<1>> {
    let gradient = parameter.grad(gradients)?;
    Some((gradient.clone() * gradient).sum())
}

fn scale<const D: usize>(parameter: &Tensor<D>, gradients: &mut Gradients, factor: &Tensor<1>) {
    if let Some(gradient) = parameter.grad(gradients) {
        let factor = factor.clone().reshape([1; D]);
        parameter.grad_replace(gradients, gradient * factor);
    }
}
