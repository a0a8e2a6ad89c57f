//! From the images' bytes to the first layer's input.

use super::memory::{Grid, prefetch};
use super::simd::{Lanes, Task};
use fude_data::Split;
use std::ops::Range;

/// Puts the images `indices[rows]` into `output[rows]`, scaled to [0, 1].
pub(super) struct Gather<'a> {
    pub(super) split: &'a Split,
    /// `[B]`.
    pub(super) indices: &'a [u32],
    /// `[B, I]`.
    pub(super) output: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for Gather<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { split, indices, output, rows } = self;
        for row in rows.clone() {
            // Images lie anywhere in memory: ask for one while the ones before are converted.
            if let Some(&later) = indices[..rows.end].get(row + AHEAD) {
                split.image(later as usize).chunks(64).for_each(|line| prefetch(line.as_ptr()));
            }
            scale::<V>(split.image(indices[row] as usize), output, row);
        }
    }
}

/// Images between the one that is asked for and the one that is converted.
const AHEAD: usize = 3;

/// `output[row] = image / 255`.
#[inline(always)]
fn scale<V: Lanes>(image: &[u8], output: &Grid, row: usize) {
    assert!(image.len() <= output.columns());
    let (from, to) = (image.as_ptr(), output.at(row, 0));
    let whole = image.len() / V::N * V::N;
    for pixel in (0..whole).step_by(V::N) {
        // SAFETY: inside the image and the row, which is this worker's alone.
        unsafe { V::load_bytes(from.add(pixel)).mul(V::splat(1.0 / 255.0)).store(to.add(pixel)) };
    }
    for (pixel, &value) in image.iter().enumerate().skip(whole) {
        // SAFETY: as above.
        unsafe { *to.add(pixel) = f32::from(value) * (1.0 / 255.0) };
    }
}
