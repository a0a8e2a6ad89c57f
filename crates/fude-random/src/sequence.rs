//! A run of draws at one counter, for code whose number of draws depends on what it draws.

use crate::stream::{Stream, uniform};

/// Numbers drawn one after the other from counters `(a, b, 0.., 0)`. Two sequences with the same arguments are equal.
#[derive(Clone, Debug)]
pub struct Sequence {
    seed: u32,
    stream: Stream,
    prefix: [u32; 2],
    drawn: u32,
    block: [u32; 4],
}

impl Sequence {
    /// A sequence at `prefix`, the first two counter words.
    pub fn new(seed: u32, stream: Stream, prefix: [u32; 2]) -> Self {
        Self { seed, stream, prefix, drawn: 0, block: [0; 4] }
    }

    /// The next word.
    pub fn word(&mut self) -> u32 {
        let lane = (self.drawn % 4) as usize;
        if lane == 0 {
            self.block = self.stream.block(self.seed, [self.prefix[0], self.prefix[1], self.drawn / 4, 0]);
        }
        self.drawn += 1;
        self.block[lane]
    }

    /// The next uniform number in [0, 1).
    pub fn unit(&mut self) -> f32 {
        uniform(self.word())
    }

    /// The next uniform number in [low, high).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A number from a symmetric bell around 0 with standard deviation 1, within +-3.46: the sum of four uniforms.
    ///
    /// No `ln` or `cos` decides it, so every platform draws the same.
    pub fn bell(&mut self) -> f32 {
        let sum: f32 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 3.0f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_repeats_and_its_bell_has_unit_spread() {
        let mut a = Sequence::new(5, Stream::Kana, [1, 2]);
        let mut b = a.clone();
        let draws: Vec<f32> = (0..40_000).map(|_| a.bell()).collect();
        assert!(draws.iter().all(|&draw| draw == b.bell()));
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f32>() / draws.len() as f32;
        // The standard error of the mean of 40,000 draws is 0.005.
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "mean {mean}, variance {variance}");
    }
}
