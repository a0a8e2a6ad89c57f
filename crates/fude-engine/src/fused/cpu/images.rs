//! From the images' bytes to the first layer's input.

use super::memory::{Grid, prefetch};
use super::simd::{Lanes, Task};
use super::warp::{Scratch, Warp};
use fude_data::Split;
use fude_model::InputScale;
use std::cell::RefCell;
use std::ops::Range;

/// Puts the images `indices[rows]` into `output[rows]`: deformed, mixed and scaled.
pub(super) struct Gather<'a> {
    pub(super) split: &'a Split,
    /// `[B]`.
    pub(super) indices: &'a [u32],
    /// How they are deformed; none leaves them as they are.
    pub(super) warp: Option<&'a Warp<'a>>,
    /// Mixup's share of the own image; none without mixup.
    pub(super) mixed: Option<f32>,
    pub(super) scale: InputScale,
    /// `[B, I]`.
    pub(super) output: &'a Grid,
    pub(super) rows: Range<usize>,
}

/// Images between the one that is asked for and the one that is converted.
const AHEAD: usize = 3;

thread_local! {
    /// A worker's buffers for deforming, kept from step to step.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Task for Gather<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let Self { split, indices, output, rows, .. } = &self;
        let mut scratch = SCRATCH.take();
        for row in rows.clone() {
            // Images lie anywhere in memory: ask for one while the ones before are converted.
            if let Some(&later) = indices[..rows.end].get(row + AHEAD) {
                split.image(later as usize).chunks(64).for_each(|line| prefetch(line.as_ptr()));
            }
            assert!(split.inputs() <= output.columns());
            // SAFETY: the row is this worker's alone.
            let to = unsafe { std::slice::from_raw_parts_mut(output.at(row, 0), split.inputs()) };
            match self.mixed {
                None => self.put::<V, false>(row, 1.0, to, &mut scratch),
                Some(share) => {
                    self.put::<V, false>(row, share, to, &mut scratch);
                    self.put::<V, true>(indices.len() - 1 - row, 1.0 - share, to, &mut scratch);
                }
            }
        }
        SCRATCH.set(scratch);
    }
}

impl Gather<'_> {
    /// Puts an image into `to`, times `share`; adds it where `ADD`.
    #[inline(always)]
    fn put<V: Lanes, const ADD: bool>(&self, row: usize, share: f32, to: &mut [f32], scratch: &mut Scratch) {
        let index = self.indices[row];
        let image = self.split.image(index as usize);
        let (factor, term) = self.scale.of_bytes();
        let (factor, term) = (factor * share, term * share);
        match self.warp {
            None => scale::<V, u8, ADD>(image, factor, term, to),
            Some(warp) => {
                let deformed = warp.run::<V>(image, index, scratch);
                scale::<V, f32, ADD>(deformed, factor, term, to);
            }
        }
    }
}

/// What can be loaded as numbers from 0 to 255.
trait Pixel: Copy + Into<f32> {
    /// # Safety
    /// `from` is valid for reads of `N` values.
    unsafe fn load<V: Lanes>(from: *const Self) -> V;
}

impl Pixel for u8 {
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load_bytes(from) }
    }
}

impl Pixel for f32 {
    #[inline(always)]
    unsafe fn load<V: Lanes>(from: *const Self) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::load(from) }
    }
}

/// `to = pixels * factor + term`, or the same added to it.
#[inline(always)]
fn scale<V: Lanes, P: Pixel, const ADD: bool>(pixels: &[P], factor: f32, term: f32, to: &mut [f32]) {
    assert_eq!(pixels.len(), to.len());
    let (from, out) = (pixels.as_ptr(), to.as_mut_ptr());
    let whole = pixels.len() / V::N * V::N;
    for at in (0..whole).step_by(V::N) {
        // SAFETY: both slices go on for N values.
        unsafe {
            let term = if ADD { V::load(out.add(at)).add(V::splat(term)) } else { V::splat(term) };
            P::load::<V>(from.add(at)).mul_add(V::splat(factor), term).store(out.add(at));
        }
    }
    for (to, &pixel) in to[whole..].iter_mut().zip(&pixels[whole..]) {
        let term = if ADD { *to + term } else { term };
        let pixel: f32 = pixel.into();
        // As the vectors do it, so that a pixel's bits do not depend on where it lies.
        *to = if V::FUSED { pixel.mul_add(factor, term) } else { pixel * factor + term };
    }
}
