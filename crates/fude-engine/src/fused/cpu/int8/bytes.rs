//! Values on their way into a layer: as bytes, in groups as the level reads them.

use super::super::memory::Grid;
use super::super::simd::ROUNDER;
use super::dots::{DotTask, Dots};
use fude_model::InputRange;

/// `groups[row]` from bytes `[I]`.
#[inline(always)]
fn group<D: Dots>(bytes: &[u8], groups: &mut [u32]) {
    if D::GROUP == 4 {
        let (whole, rest) = bytes.as_chunks::<4>();
        for (group, bytes) in groups.iter_mut().zip(whole) {
            *group = u32::from_le_bytes(*bytes);
        }
        if !rest.is_empty() {
            groups[whole.len()] = rest.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
        }
    } else {
        let (whole, rest) = bytes.as_chunks::<2>();
        for (group, bytes) in groups.iter_mut().zip(whole) {
            *group = u32::from(bytes[0]) | (u32::from(bytes[1]) << 16);
        }
        if let [byte] = rest {
            groups[whole.len()] = u32::from(*byte);
        }
    }
}

/// Pixels `[rows, I]` as the first layer's inputs.
pub(super) struct Pixels<'a> {
    pub(super) pixels: &'a [u8],
    /// I.
    pub(super) inputs: usize,
    /// `[rows, groups]`.
    pub(super) to: &'a mut [u32],
    pub(super) groups: usize,
}

impl DotTask for Pixels<'_> {
    #[inline(always)]
    fn run<D: Dots>(self) {
        for (image, to) in self.pixels.chunks_exact(self.inputs).zip(self.to.chunks_exact_mut(self.groups)) {
            group::<D>(image, to);
        }
    }
}

/// Activations as the next layer's inputs.
pub(super) struct Round<'a> {
    /// `[rows, H]`.
    pub(super) from: &'a Grid,
    pub(super) range: InputRange,
    /// `[H]` with padding, in between.
    pub(super) bytes: &'a mut [u8],
    /// `[rows, groups]`.
    pub(super) to: &'a mut [u32],
    pub(super) groups: usize,
    pub(super) rows: usize,
}

impl DotTask for Round<'_> {
    #[inline(always)]
    fn run<D: Dots>(self) {
        let columns = self.from.columns();
        let (inverse, zero_point) = (1.0 / self.range.scale, f32::from(self.range.zero_point));
        for (row, to) in self.to.chunks_exact_mut(self.groups).take(self.rows).enumerate() {
            // SAFETY: the row is this worker's alone, and has `columns` values.
            let values = unsafe { std::slice::from_raw_parts(self.from.at(row, 0), columns) };
            let bytes = &mut self.bytes[..columns];
            for (byte, value) in bytes.iter_mut().zip(values) {
                // Rounds to the nearest, ties to even; the low mantissa bits are then the number. A NaN becomes 0.
                #[expect(clippy::manual_clamp, reason = "`clamp` keeps a NaN")]
                let q = (value * inverse + zero_point).max(0.0).min(255.0);
                *byte = (q + ROUNDER).to_bits() as u8;
            }
            group::<D>(bytes, to);
        }
    }
}
