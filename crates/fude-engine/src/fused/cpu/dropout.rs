//! Dropout masks, sixteen Philox blocks at a time.

use super::memory::Grid;
use super::simd::{Lanes, Task};
use fude_random::{Stream, drop_threshold};
use std::ops::Range;

/// Blocks at a time: two AVX-512 registers of 64-bit products for each of the four words.
const BLOCKS: usize = 16;
/// Words of that many blocks.
const WORDS: usize = 4 * BLOCKS;

/// Which units a layer drops at a step.
#[derive(Clone, Copy)]
pub(super) struct Dropping {
    pub(super) seed: u32,
    pub(super) epoch: u32,
    pub(super) step: u32,
    pub(super) layer: u32,
    /// The probability p of being dropped, in [0, 1).
    pub(super) p: f64,
}

/// Fills `mask[rows]`, `[B, H]`, with 0 where a unit is dropped and `1 / (1 - p)` where it stays.
pub(super) struct Masks<'a> {
    pub(super) dropping: Dropping,
    pub(super) mask: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for Masks<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { dropping, mask, rows } = self;
        let units = mask.columns();
        let threshold = drop_threshold(dropping.p);
        let kept = (1.0 / (1.0 - dropping.p)) as f32;
        for row in rows {
            let to = mask.at(row, 0);
            let first = row * units;
            // A row may start inside a block where H is no multiple of 4.
            let mut element = first / 4 * 4;
            while element < first + units {
                let factors = factors(blocks(dropping, element / 4), threshold, kept);
                let start = first.max(element);
                let end = (first + units).min(element + WORDS);
                let chosen = &factors[start - element..end - element];
                // SAFETY: elements `start..end` are in this row, which is this worker's alone.
                unsafe { to.add(start - first).copy_from_nonoverlapping(chosen.as_ptr(), chosen.len()) };
                element += WORDS;
            }
        }
    }
}

/// What each unit is multiplied with.
#[inline(always)]
fn factors(words: [u32; WORDS], threshold: u32, kept: f32) -> [f32; WORDS] {
    let mut factors = [0.0; WORDS];
    for (factor, word) in factors.iter_mut().zip(words) {
        *factor = if word >= threshold { kept } else { 0.0 };
    }
    factors
}

/// The words of blocks `first..first + BLOCKS`, as `Stream::Dropout.block` gives them one by one.
///
/// Each word lies in the low half of 64 bits: then a 32 x 32-bit product is one instruction a vector.
#[inline(always)]
fn blocks(dropping: Dropping, first: usize) -> [u32; WORDS] {
    const LOW: u64 = 0xFFFF_FFFF;
    let Dropping { seed, epoch, step, layer, .. } = dropping;
    let (mut a, mut b) = ([u64::from(epoch); BLOCKS], [u64::from(step); BLOCKS]);
    let mut c = [u64::from(layer); BLOCKS];
    let mut d: [u64; BLOCKS] = std::array::from_fn(|block| (first + block) as u64 & LOW);
    let mut key = [seed, Stream::Dropout as u32];
    for _ in 0..10 {
        for i in 0..BLOCKS {
            let left = (a[i] & LOW) * 0xD251_1F53;
            let right = (c[i] & LOW) * 0xCD9E_8D57;
            a[i] = (right >> 32) ^ b[i] ^ u64::from(key[0]);
            b[i] = right & LOW;
            c[i] = (left >> 32) ^ d[i] ^ u64::from(key[1]);
            d[i] = left & LOW;
        }
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    let mut words = [0; WORDS];
    for i in 0..BLOCKS {
        words[4 * i] = a[i] as u32;
        words[4 * i + 1] = b[i] as u32;
        words[4 * i + 2] = c[i] as u32;
        words[4 * i + 3] = d[i] as u32;
    }
    words
}
