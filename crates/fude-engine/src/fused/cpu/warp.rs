//! Deforming an image: bilinear samples at displaced positions, then stroke thickness and erasing.
//!
//! The formulas stand in `crate::augment`; their slow twin is `fude_kernels::augment`.

use super::memory::padded;
use super::philox::{Draw, WORDS};
use super::simd::{Lanes, PAD};
use crate::augment::{Augmentation, Deformation, ElasticField};
use crate::{Deformed, EpochPlan};
use fude_data::Split;
use fude_random::{Stream, uniform};

/// Zeros around the image on each side, so that a sample next to it reads zeros: 2, as positions are clamped to one
/// pixel beyond the image and a sample has a neighbour.
const BORDER: usize = 2;
/// Rows whose displacement is computed at once.
const ROWS: usize = 4;

/// Deforms images of one size, as samples of one epoch.
pub(super) struct Warp<'a> {
    ranges: &'a Augmentation,
    seed: u32,
    epoch: u32,
    height: usize,
    width: usize,
    field: Option<ElasticField>,
    /// The field's row weights `[padded height, K_y]`.
    rows: Vec<f32>,
    /// The field's column weights with pixels along rows, `[K_x, padded width]`.
    columns: Vec<f32>,
    /// 0, 1, 2, ... up to the padded width.
    ramp: Vec<f32>,
}

/// Buffers of one worker.
#[derive(Default)]
pub(super) struct Scratch {
    /// H and W of the images that the buffers are laid out for.
    size: (usize, usize),
    /// The image with its border, rows `bordered` bytes apart.
    bytes: Vec<u8>,
    /// `[2, K_y, K_x]` and some more.
    coefficients: Vec<f32>,
    /// `G_y C`: `[2, H padded, K_x padded]`.
    partial: Vec<f32>,
    /// The deformed image, rows `line` values apart, with one row above and below and one value before each.
    lines: Vec<f32>,
    /// The finished image `[H * W]` and some more.
    pixels: Vec<f32>,
}

impl<'a> Warp<'a> {
    fn new(ranges: &'a Augmentation, seed: u32, epoch: u32, height: usize, width: usize) -> Self {
        let field = ranges.elastic_field(height, width);
        let across = padded(width);
        let (mut rows, mut columns) = (Vec::new(), Vec::new());
        if let Some(field) = &field {
            rows.extend_from_slice(&field.rows);
            rows.resize(height.next_multiple_of(ROWS) * field.row_points, 0.0);
            columns.resize(field.column_points * across, 0.0);
            for (at, &weight) in field.columns.iter().enumerate() {
                columns[at % field.column_points * across + at / field.column_points] = weight;
            }
        }
        let ramp = (0..across).map(|x| x as f32).collect();
        Self { ranges, seed, epoch, height, width, field, rows, columns, ramp }
    }

    /// How an epoch's plan deforms images of a split; none where it does not.
    pub(super) fn of_plan(plan: &'a EpochPlan, images: &Split) -> Option<Self> {
        let ranges = plan.augmentation.as_ref()?;
        Some(Self::new(ranges, plan.seed, plan.epoch, images.height, images.width))
    }

    /// How a view deforms images of a split.
    pub(super) fn of_view(view: &Deformed<'a>, images: &Split) -> Self {
        Self::new(view.augmentation, view.seed, view.epoch, images.height, images.width)
    }

    /// Values from one row of `Scratch::lines` to the next.
    fn line(&self) -> usize {
        padded(self.width) + PAD
    }

    /// Deforms `image` as sample `sample`: its pixels `[H * W]`, from 0 to 255.
    #[inline(always)]
    pub(super) fn run<'s, V: Lanes>(&self, image: &[u8], sample: u32, scratch: &'s mut Scratch) -> &'s [f32] {
        let drawn = Deformation::draw(self.ranges, self.seed, self.epoch, sample, self.height, self.width);
        if scratch.size != (self.height, self.width) {
            // Borders are written once, as zeros.
            *scratch = Scratch { size: (self.height, self.width), ..Scratch::default() };
        }
        self.frame(image, &mut scratch.bytes);
        self.displace::<V>(sample, scratch);
        self.sample::<V>(&drawn.matrix, scratch);
        self.finish::<V>(drawn.thickness, scratch);
        let [left, top, right, bottom] = drawn.erased.map(|edge| edge as usize);
        for y in top..bottom {
            scratch.pixels[y * self.width + left..y * self.width + right].fill(0.0);
        }
        &scratch.pixels[..self.height * self.width]
    }

    /// Puts the image into its border of zeros.
    fn frame(&self, image: &[u8], bytes: &mut Vec<u8>) {
        assert_eq!(image.len(), self.height * self.width, "an image of another size");
        let stride = self.stride();
        // Three more: a sample reads four bytes at once.
        bytes.resize((self.height + 2 * BORDER) * stride + 3, 0);
        for (y, row) in image.chunks_exact(self.width).enumerate() {
            let start = (y + BORDER) * stride + BORDER;
            bytes[start..start + self.width].copy_from_slice(row);
        }
    }

    /// Bytes from one row of `Scratch::bytes` to the next.
    fn stride(&self) -> usize {
        self.width + 2 * BORDER
    }

    /// Draws the elastic coefficients and takes them half of the way: `G_y C`.
    #[inline(always)]
    fn displace<V: Lanes>(&self, sample: u32, scratch: &mut Scratch) {
        let Some(field) = &self.field else { return };
        let (down, across) = (field.row_points, field.column_points);
        let count = field.coefficients();
        // Loads of whole vectors run over the end of a row, and of the last one.
        scratch.coefficients.resize(count.next_multiple_of(WORDS) + PAD, 0.0);
        let (seed, stream) = (self.seed, Stream::Augmentation);
        let draw = Draw { seed, stream, counter: [self.epoch, sample, Deformation::ELASTIC] };
        for (block, drawn) in scratch.coefficients.chunks_exact_mut(WORDS).enumerate() {
            let words = draw.words(block * WORDS / 4);
            for (coefficient, word) in drawn.iter_mut().zip(words) {
                *coefficient = (2.0 * uniform(word) - 1.0) * field.amplitude;
            }
        }
        let stride = padded(across);
        let height = self.height.next_multiple_of(ROWS);
        scratch.partial.resize(2 * height * stride, 0.0);
        assert!(count + PAD <= scratch.coefficients.len() && self.rows.len() == height * down);
        for component in 0..2 {
            for j in (0..across).step_by(V::N) {
                // SAFETY: the assertions; a vector that begins inside a row ends inside the buffer.
                unsafe {
                    let from = scratch.coefficients.as_ptr().add(component * down * across + j);
                    let to = scratch.partial.as_mut_ptr().add(component * height * stride + j);
                    for y in (0..height).step_by(ROWS) {
                        let sums = self.weighted_rows::<V>(y, from, across, down);
                        for (row, sum) in sums.into_iter().enumerate() {
                            sum.store(to.add((y + row) * stride));
                        }
                    }
                }
            }
        }
    }

    /// `sum over i of G_y[y + r, i] C[i, j..j + N]` for some rows r at once, so that sums do not wait for each other.
    ///
    /// # Safety
    /// `from` is C at `[0, j]`, rows `across` apart, `down` of them.
    #[inline(always)]
    unsafe fn weighted_rows<V: Lanes>(&self, y: usize, from: *const f32, across: usize, down: usize) -> [V; ROWS] {
        let weights = &self.rows[y * down..(y + ROWS) * down];
        let mut sums = [V::splat(0.0); ROWS];
        for i in 0..down {
            // SAFETY: the caller's promise, and the slice's length.
            unsafe {
                let coefficients = V::load(from.add(i * across));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let weight = V::splat(*weights.get_unchecked(row * down + i));
                    *sum = weight.mul_add(coefficients, *sum);
                }
            }
        }
        sums
    }

    /// Samples every pixel of the deformed image into `scratch.lines`.
    #[inline(always)]
    fn sample<V: Lanes>(&self, matrix: &[f32; 6], scratch: &mut Scratch) {
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

    /// Adds the displacement of `P` vectors of a row: the other half of the way, `(G_y C) G_x^T`.
    #[inline(always)]
    fn displaced<V: Lanes, const P: usize>(
        &self,
        points: usize,
        x: usize,
        y: usize,
        partial: &[f32],
        from_x: &mut [V; P],
        from_y: &mut [V; P],
    ) {
        let (across, stride) = (padded(self.width), padded(points));
        let (dx, dy) = partial.split_at(partial.len() / 2);
        let (dx, dy) = (&dx[y * stride..][..points], &dy[y * stride..][..points]);
        assert!(self.columns.len() == points * across && x + P * V::N <= across);
        for (j, (&dx, &dy)) in dx.iter().zip(dy).enumerate() {
            for p in 0..P {
                // SAFETY: the assertion.
                let weight = unsafe { V::load(self.columns.as_ptr().add(j * across + x + p * V::N)) };
                from_x[p] = weight.mul_add(V::splat(dx), from_x[p]);
                from_y[p] = weight.mul_add(V::splat(dy), from_y[p]);
            }
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

    /// Takes the rows out of their padding, each value moved towards its largest or smallest neighbour.
    #[inline(always)]
    fn finish<V: Lanes>(&self, thickness: f32, scratch: &mut Scratch) {
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
