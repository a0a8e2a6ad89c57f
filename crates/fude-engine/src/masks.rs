//! Dropout masks, drawn on the host for engines that cannot draw their own.

use fude_random::{Stream, drop_threshold, keep};

/// The mask `[B, H]` of a hidden layer at a step: 0 where a unit is dropped, `1 / (1 - p)` where it stays.
///
/// Element `row * H + unit` is lane `element % 4` of Philox at counter `(epoch, step, layer, element / 4)`.
pub(crate) fn dropout_mask(seed: u32, epoch: u32, step: u32, layer: u32, elements: usize, p: f64) -> Vec<f32> {
    let threshold = drop_threshold(p);
    let scale = (1.0 / (1.0 - p)) as f32;
    let mut mask = Vec::with_capacity(elements.next_multiple_of(4));
    for quad in 0..elements.div_ceil(4) as u32 {
        let words = Stream::Dropout.block(seed, [epoch, step, layer, quad]);
        mask.extend(words.map(|word| if keep(word, threshold) { scale } else { 0.0 }));
    }
    mask.truncate(elements);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_layers_and_steps_are_independent_and_scaled() {
        let mask = |step, layer| dropout_mask(3, 0, step, layer, 40_001, 0.2);
        let (a, b, c) = (mask(0, 0), mask(0, 1), mask(1, 0));
        assert_eq!(a.len(), 40_001);
        assert!(a.iter().all(|&m| m == 0.0 || m == 1.25));
        // Two independent masks agree with probability 0.68; four standard deviations are 0.0094.
        for other in [&b, &c] {
            let equal = a.iter().zip(other).filter(|(x, y)| x == y).count() as f64 / a.len() as f64;
            assert!((equal - 0.68).abs() < 0.0094, "{equal}");
        }
    }
}
