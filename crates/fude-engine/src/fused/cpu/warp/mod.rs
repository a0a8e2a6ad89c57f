//! Deforming an image: bilinear samples at displaced positions, then stroke thickness and erasing.
//!
//! The formulas stand in `crate::augment`; their slow twin is `fude_kernels::augment`.

mod displace;
mod sample;
mod thicken;

use super::memory::padded;
use super::simd::{Lanes, PAD};
use crate::augment::{Augmentation, Deformation, ElasticField};
use crate::{Deformed, EpochPlan};
use fude_data::Split;

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
        self.thicken::<V>(drawn.thickness, scratch);
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
}
