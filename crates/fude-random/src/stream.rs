//! What fude draws, each from a stream of its own, and how a word becomes a number.

use crate::philox::philox4x32;

/// The second key word: what the numbers are for. Values are part of every recorded result and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Counter (layer, element / 4, 0, 0).
    Initialisation = 0,
    /// Counter (epoch, i, 0, 0): Fisher-Yates position `i` of the epoch's permutation.
    Shuffle = 1,
    /// Counter (epoch, step, layer, element / 4), element = row * H + unit.
    Dropout = 2,
    /// Counter (epoch, sample, operation, element / 4): independent of batch and step.
    Augmentation = 3,
    /// Counter (epoch, step, 0, 0).
    Mixup = 4,
    /// Counter (0, i, 0, 0): the cut of a test or validation split.
    Split = 5,
    /// Counter (split, image, draw / 4, 0): the built-in kana images.
    Kana = 6,
    /// Counter (trial, 0, draw / 4, 0): the random proposals of a search over experiments.
    Search = 7,
}

impl Stream {
    /// Four words of this stream at a counter.
    #[inline]
    pub fn block(self, seed: u32, counter: [u32; 4]) -> [u32; 4] {
        philox4x32(counter, [seed, self as u32])
    }
}

/// A word as a uniform number in [0, 1): a multiple of 2^-24, exact in f32 on every device.
#[inline]
pub fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

/// The integer below which a word means "dropped": `floor(p * 2^32)`, for a drop probability `p` in [0, 1).
#[inline]
pub fn drop_threshold(p: f64) -> u32 {
    (p * 4_294_967_296.0).floor() as u32
}

/// Whether a unit stays: an integer test, so that no device rounds it differently.
#[inline]
pub fn keep(word: u32, threshold: u32) -> bool {
    word >= threshold
}

/// A permutation of `0..n` for an epoch (Fisher-Yates, one word a position).
///
/// The bound comes from a 32 x 32-bit product; its bias, below n / 2^32, is far under what any run could show.
pub fn shuffle(seed: u32, stream: Stream, epoch: u32, n: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        let [word, ..] = stream.block(seed, [epoch, i as u32, 0, 0]);
        let j = ((u64::from(word) * (i as u64 + 1)) >> 32) as usize;
        order.swap(i, j);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffle_is_a_permutation_that_changes_with_epoch_and_seed() {
        let order = shuffle(7, Stream::Shuffle, 3, 1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
        assert_eq!(order, shuffle(7, Stream::Shuffle, 3, 1000));
        assert_ne!(order, shuffle(7, Stream::Shuffle, 4, 1000));
        assert_ne!(order, shuffle(8, Stream::Shuffle, 3, 1000));
        assert!(shuffle(7, Stream::Shuffle, 0, 0).is_empty());
    }

    #[test]
    fn uniform_stays_below_one_and_dropout_keeps_its_share() {
        assert_eq!(uniform(0), 0.0);
        assert!(uniform(u32::MAX) < 1.0);
        let threshold = drop_threshold(0.2);
        let kept = (0..25_000u32)
            .flat_map(|i| Stream::Dropout.block(1, [0, 0, 0, i]))
            .filter(|&word| keep(word, threshold))
            .count();
        // Four standard deviations of a binomial with n = 100,000 and p = 0.8 are 506.
        assert!(kept.abs_diff(80_000) < 506, "kept {kept} of 100,000");
        assert!(keep(0, drop_threshold(0.0)), "nothing is dropped at p = 0");
    }
}
