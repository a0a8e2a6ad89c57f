//! Pruning: the smallest weights of all layers together become 0.

use crate::{Layout, ModelFile, Parameters};

/// A mask `[P]` for the parameters `values`: 0 where a weight is pruned, 1 elsewhere. Biases stay.
///
/// `round(sparsity * weights)` weights go: first those that the mask `before` has pruned, then the smallest in magnitude,
/// whatever their layer; of equal ones those that come first. None that `before` has pruned comes back.
///
/// # Panics
/// Where `values` or `before` are not `[P]`.
pub fn magnitude_mask(layout: &Layout, values: &[f32], before: Option<&[f32]>, sparsity: f64) -> Vec<f32> {
    let length = layout.parameters();
    assert!(values.len() == length && before.is_none_or(|mask| mask.len() == length), "parameters are [P]");
    let mut weights: Vec<usize> = layout.layers.iter().flat_map(|layer| layer.weight()).collect();
    let gone = |index: usize| before.is_some_and(|mask| mask[index] == 0.0);
    let held = weights.iter().filter(|&&index| gone(index)).count();
    let count = ((sparsity * weights.len() as f64).round() as usize).clamp(held, weights.len());
    let mut mask = vec![1.0; length];
    if count > 0 {
        let order = |a: &usize, b: &usize| {
            let size = |index: usize| values[index].abs();
            gone(*b).cmp(&gone(*a)).then(size(*a).total_cmp(&size(*b))).then(a.cmp(b))
        };
        weights.select_nth_unstable_by(count - 1, order);
        weights[..count].iter().for_each(|&index| mask[index] = 0.0);
    }
    mask
}

/// Puts 0 where the mask is 0.
pub fn apply_mask(values: &mut [f32], mask: &[f32]) {
    values.iter_mut().zip(mask).filter(|(_, mask)| **mask == 0.0).for_each(|(value, _)| *value = 0.0);
}

impl Layout {
    /// How many of the parameters are weights, biases not among them.
    pub fn weights(&self) -> usize {
        self.layers.iter().map(|layer| layer.weight().len()).sum()
    }
}

impl Parameters {
    /// How many weights are exactly 0, biases not among them.
    pub fn zero_weights(&self) -> usize {
        let layers = 0..self.layout.layers.len();
        layers.map(|layer| self.weight(layer).iter().filter(|&&weight| weight == 0.0).count()).sum()
    }
}

impl ModelFile {
    /// The model with the share `sparsity` of its weights, the smallest, at 0.
    #[must_use]
    pub fn pruned(mut self, sparsity: f64) -> Self {
        let Parameters { layout, values } = &mut self.parameters;
        let mask = magnitude_mask(layout, values, None, sparsity);
        apply_mask(values, &mask);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MlpConfig, initialise};

    fn model() -> ModelFile {
        let config = MlpConfig { inputs: 20, hidden: vec![9, 7], outputs: 3, ..Default::default() };
        let mut parameters = initialise(&config, 4);
        // Biases smaller than any weight, which must stay all the same.
        for layer in parameters.layout.layers.clone() {
            parameters.values[layer.bias()].fill(1e-9);
        }
        ModelFile { parameters, config, metadata: Default::default() }
    }

    #[test]
    fn exactly_the_share_asked_for_is_zero_and_it_is_the_smallest() {
        let weights = 20 * 9 + 9 * 7 + 7 * 3;
        for (sparsity, zeros) in [(0.0, 0), (0.5, 132), (0.9, 238), (0.999, 264)] {
            let pruned = model().pruned(sparsity).parameters;
            assert_eq!((pruned.layout.weights(), pruned.zero_weights()), (weights, zeros));
            assert_eq!(pruned.values.iter().filter(|&&value| value == 1e-9).count(), 19, "biases stay");
            let all = model().parameters.values;
            let went = |(&after, before): (&f32, &f32)| (after == 0.0).then_some(before.abs());
            let largest = pruned.values.iter().zip(&all).filter_map(went).fold(0.0, f32::max);
            let stayed = |(layer, weights): (usize, &[f32])| (layer, weights.to_vec());
            for (layer, weights) in (0..3).map(|layer| (layer, pruned.weight(layer))).map(stayed) {
                assert!(weights.iter().all(|w| *w == 0.0 || w.abs() >= largest), "layer {layer}");
            }
        }
    }

    #[test]
    fn what_has_gone_never_comes_back_and_goes_first() {
        let Parameters { layout, values } = model().parameters;
        let half = magnitude_mask(&layout, &values, None, 0.5);
        // The weights that are left change; those that went are held at 0 and others come to lie there too.
        let mut later: Vec<f32> = values.iter().map(|value| value * value.abs()).collect();
        apply_mask(&mut later, &half);
        let zero = (0..values.len()).find(|&index| half[index] == 1.0 && layout.layers[0].weight().contains(&index));
        later[zero.unwrap()] = 0.0;
        assert_eq!(magnitude_mask(&layout, &later, Some(&half), 0.5), half, "the same share is the same mask");
        assert_eq!(magnitude_mask(&layout, &later, Some(&half), 0.1), half, "a smaller one too");
        let most = magnitude_mask(&layout, &later, Some(&half), 0.8);
        assert!(half.iter().zip(&most).all(|(before, after)| after <= before));
        assert_eq!(most.iter().filter(|&&mask| mask == 0.0).count(), 211);
    }
}
