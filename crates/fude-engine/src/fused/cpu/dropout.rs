//! Dropout masks.

use super::memory::Grid;
use super::philox::{Draw, WORDS};
use super::simd::{Lanes, Task};
use fude_random::{Stream, drop_threshold};
use std::ops::Range;

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
        let Dropping { seed, epoch, step, layer, .. } = dropping;
        let draw = Draw { seed, stream: Stream::Dropout, counter: [epoch, step, layer] };
        for row in rows {
            let to = mask.at(row, 0);
            let first = row * units;
            // A row may start inside a block where H is no multiple of 4.
            let mut element = first / 4 * 4;
            while element < first + units {
                let factors = factors(draw.words(element / 4), threshold, kept);
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
