//! Dropout masks, one word at a time.

use fude_random::{Stream, drop_threshold, keep};

/// The mask of hidden layer `layer` at a step, `[B, H]` with `elements = B * H`: 0 where a unit is dropped and
/// `1 / (1 - p)` where it stays. Element `e` is lane `e % 4` of Philox at counter `(epoch, step, layer, e / 4)`.
pub fn mask(seed: u32, epoch: u32, step: u32, layer: u32, elements: usize, p: f64) -> Vec<f64> {
    let factor = |element: usize| {
        let words = Stream::Dropout.block(seed, [epoch, step, layer, (element / 4) as u32]);
        if keep(words[element % 4], drop_threshold(p)) { 1.0 / (1.0 - p) } else { 0.0 }
    };
    (0..elements).map(factor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_stay_and_are_scaled_up() {
        let mask = mask(1, 2, 3, 0, 40_000, 0.2);
        assert!(mask.iter().all(|&m| m == 0.0 || m == 1.25));
        // Four standard deviations of a binomial with n = 40,000 and p = 0.8 are 320.
        let kept = mask.iter().filter(|&&m| m > 0.0).count();
        assert!(kept.abs_diff(32_000) < 320, "{kept}");
    }
}
