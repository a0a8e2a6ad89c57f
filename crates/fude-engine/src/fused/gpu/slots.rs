//! What is uploaded for a submission's rows alone: their deformations, and their images where not all fit on the GPU.

use super::look::Warping;
use crate::augment::{Augmentation, Deformation};
use fude_data::Split;

/// Quads of a row's deformation.
pub(super) const WARP_QUADS: usize = 3;

/// Deformations of an epoch's samples.
pub(super) struct Draws<'a> {
    pub(super) ranges: &'a Augmentation,
    pub(super) seed: u32,
    pub(super) epoch: u32,
}

impl Draws<'_> {
    /// The deformation of a sample: matrix (6), thickness, 0, then left, top, right, bottom.
    pub(super) fn append(&self, sample: u32, warping: &Warping, bytes: &mut Vec<u8>) {
        let Warping { height, width, .. } = *warping;
        let drawn = Deformation::draw(self.ranges, self.seed, self.epoch, sample, height, width);
        let erased = drawn.erased.map(|edge| edge as f32);
        let rest = [drawn.thickness, 0.0].into_iter().chain(erased);
        bytes.extend(drawn.matrix.into_iter().chain(rest).flat_map(f32::to_le_bytes));
    }

    /// The elastic coefficients' range.
    pub(super) fn amplitude(&self, warping: &Warping) -> f32 {
        self.ranges.elastic_field(warping.height, warping.width).map_or(0.0, |field| field.amplitude)
    }
}

/// Appends an image's bytes, in rows of `words` words.
pub(super) fn append_image(split: &Split, image: u32, words: usize, bytes: &mut Vec<u8>) {
    let end = bytes.len() + 4 * words;
    bytes.extend_from_slice(split.image(image as usize));
    bytes.resize(end, 0);
}
