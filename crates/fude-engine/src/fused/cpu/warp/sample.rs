//! Bilinear samples of an image at displaced positions.

use super::{BORDER, Scratch, Warp};
use crate::fused::cpu::memory::padded;
use crate::fused::cpu::simd::Lanes;

impl Warp<'_> {
    /// Samples every pixel of the deformed image into `scratch.lines`.
    #[inline(always)]
    pub(super) fn sample<V: Lanes>(&self, matrix: &[f32; 6], scratch: &mut Scratch) {
        let (across, line) = (padded(self.width), self.line());
        scratch.lines.resize((self.height + 2) * line, 0.0);
        for y in 0..self.height {
            let mut x = 0;
            while x + 2 * V::N <= across {
                self.sample_vectors::<V, 2>(matrix, x, y, scratch);
                x += 2 * V::N;
            }
            if x < across {
                self.sample_vectors::<V, 1>(matrix, x, y, scratch);
            }
            // Beyond the image there are zeros, whatever the padding's lanes have sampled.
            scratch.lines[(y + 1) * line + 1 + self.width..(y + 2) * line].fill(0.0);
        }
    }

    /// Samples `P` vectors of a row.
    #[inline(always)]
    fn sample_vectors<V: Lanes, const P: usize>(&self, matrix: &[f32; 6], x: usize, y: usize, scratch: &mut Scratch) {
        let [a, b, c, d, e, f] = *matrix;
        let start = (V::splat(b * y as f32 + c), V::splat(e * y as f32 + f));
        let (mut from_x, mut from_y) = ([V::splat(0.0); P], [V::splat(0.0); P]);
        let ramp = &self.ramp[x..x + P * V::N];
        for p in 0..P {
            // SAFETY: the slice has P vectors.
            let column = unsafe { V::load(ramp.as_ptr().add(p * V::N)) };
            from_x[p] = column.mul_add(V::splat(a), start.0);
            from_y[p] = column.mul_add(V::splat(d), start.1);
        }
        if let Some(field) = &self.field {
            self.displaced::<V, P>(field.column_points, x, y, &scratch.partial, &mut from_x, &mut from_y);
        }
        let at = (y + 1) * self.line() + 1 + x;
        let to = &mut scratch.lines[at..at + P * V::N];
        for p in 0..P {
            let value = self.bilinear::<V>(from_x[p], from_y[p], &scratch.bytes, self.stride());
            // SAFETY: the slice has P vectors.
            unsafe { value.store(to.as_mut_ptr().add(p * V::N)) };
        }
    }

    /// The image at a position, between its four neighbours.
    #[inline(always)]
    fn bilinear<V: Lanes>(&self, x: V, y: V, bytes: &[u8], stride: usize) -> V {
        let x = V::splat(self.width as f32).min(V::splat(-1.0).max(x));
        let y = V::splat(self.height as f32).min(V::splat(-1.0).max(y));
        let (left, top) = (x.floor(), y.floor());
        let (right_share, bottom_share) = (x.sub(left), y.sub(top));
        let border = V::splat(BORDER as f32);
        let offset = top.add(border).mul_add(V::splat(stride as f32), left.add(border));
        assert!(bytes.len() >= (self.height + 2 * BORDER) * stride + 3);
        // SAFETY: positions are clamped to one pixel beyond the image, which has a border of two.
        let ((a, b), (c, d)) = unsafe {
            let start = bytes.as_ptr();
            (V::gather_pairs(start, offset), V::gather_pairs(start.add(stride), offset))
        };
        let upper = b.sub(a).mul_add(right_share, a);
        let lower = d.sub(c).mul_add(right_share, c);
        lower.sub(upper).mul_add(bottom_share, upper)
    }
}
