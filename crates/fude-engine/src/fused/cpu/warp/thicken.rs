//! Strokes made thicker or thinner.

use super::{Scratch, Warp};
use crate::fused::cpu::memory::padded;
use crate::fused::cpu::simd::Lanes;

impl Warp<'_> {
    /// Takes the rows out of their padding, each value moved towards its largest or smallest neighbour.
    #[inline(always)]
    pub(super) fn thicken<V: Lanes>(&self, thickness: f32, scratch: &mut Scratch) {
        let Scratch { lines, pixels, .. } = scratch;
        let (across, line) = (padded(self.width), self.line());
        // Whole vectors run over a row's end: the next row, written after it, puts that right.
        pixels.resize(self.height * self.width + across, 0.0);
        assert!((self.height + 2) * line <= lines.len() && across + 2 <= line);
        for y in 0..self.height {
            for x in (0..across).step_by(V::N) {
                // SAFETY: the assertion; the pixels have a row to spare.
                unsafe {
                    let above = lines.as_ptr().add(y * line + x);
                    let mut value = V::load(above.add(line + 1));
                    if thickness != 0.0 {
                        let extreme = extreme::<V>(above, line, thickness > 0.0);
                        value = extreme.sub(value).mul_add(V::splat(thickness.abs()), value);
                    }
                    value.store(pixels.as_mut_ptr().add(y * self.width + x));
                }
            }
        }
    }
}

/// The largest or smallest of 3 x 3 values, the first of which is at `from`, rows `line` apart.
///
/// # Safety
/// All of them, and the vectors they begin, can be read.
#[inline(always)]
unsafe fn extreme<V: Lanes>(from: *const f32, line: usize, largest: bool) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let mut extreme = V::load(from);
        for at in [1, 2, line, line + 1, line + 2, 2 * line, 2 * line + 1, 2 * line + 2] {
            let other = V::load(from.add(at));
            extreme = if largest { extreme.max(other) } else { extreme.min(other) };
        }
        extreme
    }
}
