//! Paints marks on pixels, with edges that are smooth because every pixel gets the share of it that is covered.

use crate::color::{Color, PAPER};
use crate::label::Glyph;
use crate::mark::{Area, Mark, Text};
use crate::picture::PIXELS_PER_UNIT;
use crate::typeface;
use std::ops::Range;

const SCALE: f32 = PIXELS_PER_UNIT as f32;

/// RGB pixels `[height, width, 3]`.
pub(crate) struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Raster {
    /// Paints marks, whose coordinates are units, on paper of `width` x `height` pixels.
    pub(crate) fn paint(width: usize, height: usize, marks: &[Mark]) -> Self {
        let mut raster = Self { width, height, pixels: PAPER.0.repeat(width * height) };
        marks.iter().for_each(|mark| raster.mark(mark));
        raster
    }

    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Rect { area, fill } => self.rect(area, *fill),
            Mark::Line { points, width, color } => self.line(points, *width, *color),
            Mark::Disc { centre, radius, fill } => {
                self.disc(*centre, radius + 1.0, PAPER);
                self.disc(*centre, *radius, *fill);
            }
            Mark::Text(text) => self.text(text),
            Mark::Image { at, zoom, width, grey } => self.image(*at, *zoom, *width, grey),
            Mark::Glyph { area, glyph, color } => self.glyph(area, glyph, *color),
        }
    }

    /// Covers a share (in [0, 1]) of a pixel; pixels outside are ignored.
    fn cover(&mut self, x: i32, y: i32, color: Color, share: f32) {
        let inside = x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height;
        if !inside || share <= 0.0 {
            return;
        }
        let start = (y as usize * self.width + x as usize) * 3;
        if let Some(pixel) = self.pixels[start..].first_chunk_mut::<3>() {
            *pixel = Color(*pixel).mix(color, share).0;
        }
    }

    fn rect(&mut self, area: &Area, fill: Color) {
        let [left, top] = [area.left * SCALE, area.top * SCALE];
        let [right, bottom] = [area.right() * SCALE, area.bottom() * SCALE];
        for y in span(top, bottom, self.height) {
            for x in span(left, right, self.width) {
                self.cover(x, y, fill, overlap(x, left, right) * overlap(y, top, bottom));
            }
        }
    }

    fn disc(&mut self, centre: [f32; 2], radius: f32, fill: Color) {
        let ([x, y], radius) = (centre.map(|c| c * SCALE), radius * SCALE);
        for row in span(y - radius - 1.0, y + radius + 1.0, self.height) {
            for column in span(x - radius - 1.0, x + radius + 1.0, self.width) {
                let distance = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                self.cover(column, row, fill, (radius + 0.5 - distance).clamp(0.0, 1.0));
            }
        }
    }

    /// The whole line is collected before it is painted, so that pixels near a joint are covered once.
    fn line(&mut self, points: &[[f32; 2]], width: f32, color: Color) {
        let points: Vec<[f32; 2]> = points.iter().map(|point| point.map(|c| c * SCALE)).collect();
        let reach = width * SCALE / 2.0;
        let (columns, rows) = (touched(&points, 0, reach, self.width), touched(&points, 1, reach, self.height));
        let mut shares = vec![0.0f32; columns.len() * rows.len()];
        let at = |x: i32, y: i32| (y - rows.start) as usize * columns.len() + (x - columns.start) as usize;
        for ends in points.windows(2) {
            for y in touched(ends, 1, reach, self.height) {
                for x in touched(ends, 0, reach, self.width) {
                    let distance = distance([x as f32 + 0.5, y as f32 + 0.5], ends[0], ends[1]);
                    let share = &mut shares[at(x, y)];
                    *share = share.max((reach + 0.5 - distance).clamp(0.0, 1.0));
                }
            }
        }
        for (x, y) in rows.clone().flat_map(|y| columns.clone().map(move |x| (x, y))) {
            self.cover(x, y, color, shares[at(x, y)]);
        }
    }

    fn text(&mut self, text: &Text) {
        let [x, y] = text.at.map(|c| c * SCALE);
        let (start, drop, size) = (text.start() * SCALE, text.drop() * SCALE, text.size * SCALE);
        if text.upward {
            let (baseline, origin) = ((x + drop).round() as i32, y - start);
            let whole = origin.ceil();
            typeface::draw(&text.content, size, text.bold, whole - origin, |along, down, share| {
                self.cover(baseline + down, whole as i32 - 1 - along, text.color, share);
            });
            return;
        }
        let (baseline, whole) = ((y + drop).round() as i32, (x + start).floor());
        typeface::draw(&text.content, size, text.bold, x + start - whole, |along, down, share| {
            self.cover(whole as i32 + along, baseline + down, text.color, share);
        });
    }

    fn image(&mut self, at: [f32; 2], zoom: usize, width: usize, grey: &[u8]) {
        let [left, top] = at.map(|c| (c * SCALE).round() as i32);
        for (row, line) in grey.chunks_exact(width.max(1)).enumerate() {
            for (column, &value) in line.iter().enumerate() {
                for (y, x) in (0..zoom).flat_map(|y| (0..zoom).map(move |x| (y, x))) {
                    let [x, y] = [column * zoom + x, row * zoom + y].map(|c| c as i32);
                    self.cover(left + x, top + y, Color([value; 3]), 1.0);
                }
            }
        }
    }

    fn glyph(&mut self, area: &Area, glyph: &Glyph, color: Color) {
        let [left, top, side] = [area.left, area.top, area.width].map(|c| (c * SCALE).round());
        let step = glyph.size() as f32 / side.max(1.0);
        for y in 0..side as i32 {
            for x in 0..side as i32 {
                let share = mean(glyph, x as f32 * step, y as f32 * step, step);
                self.cover(left as i32 + x, top as i32 + y, color, share);
            }
        }
    }
}

/// The pixels from `low` to `high` that the picture has, out of `most`.
fn span(low: f32, high: f32, most: usize) -> Range<i32> {
    let inside = |v: f32| v.clamp(0.0, most as f32) as i32;
    inside(low.floor())..inside(high.ceil())
}

/// The pixels along an axis (0: x) within `reach` of points, out of `most`.
fn touched(points: &[[f32; 2]], axis: usize, reach: f32, most: usize) -> Range<i32> {
    let ends = points.iter().map(|point| point[axis]);
    let (low, high) = ends.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    span(low - reach - 1.0, high + reach + 1.0, most)
}

/// How much of the pixel at `index` lies between `low` and `high`.
fn overlap(index: i32, low: f32, high: f32) -> f32 {
    (high.min(index as f32 + 1.0) - low.max(index as f32)).clamp(0.0, 1.0)
}

/// From a point to a straight line with two ends.
fn distance(point: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let [px, py] = [point[0] - a[0], point[1] - a[1]];
    let squared = dx * dx + dy * dy;
    let along = if squared > 0.0 { ((px * dx + py * dy) / squared).clamp(0.0, 1.0) } else { 0.0 };
    (px - along * dx).hypot(py - along * dy)
}

/// Mean ink, in [0, 1], of the square of a glyph at (x, y) with this side.
fn mean(glyph: &Glyph, x: f32, y: f32, side: f32) -> f32 {
    let mut ink = 0.0;
    for row in span(y, y + side, glyph.size()) {
        for column in span(x, x + side, glyph.size()) {
            let value = glyph.pixels()[row as usize * glyph.size() + column as usize];
            ink += f32::from(value) * overlap(row, y, y + side) * overlap(column, x, x + side);
        }
    }
    ink / (255.0 * side * side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::INK;

    /// Darkness of each pixel in [0, 1], of marks on 20 x 20 pixels.
    fn darkness(mark: Mark) -> Vec<f32> {
        let raster = Raster::paint(20, 20, &[mark]);
        raster
            .pixels()
            .chunks_exact(3)
            .map(|pixel| (255.0 - f32::from(pixel[0])) / (255.0 - f32::from(INK.0[0])))
            .collect()
    }

    #[test]
    fn a_rectangle_darkens_by_its_area() {
        let area = Area::new(1.25, 2.0, 3.5, 2.25);
        let total: f32 = darkness(Mark::Rect { area, fill: INK }).iter().sum();
        assert!((total - 3.5 * 2.25 * 4.0).abs() < 0.1, "{total}");
    }

    #[test]
    fn a_line_is_as_wide_as_asked_and_no_darker_at_its_joints() {
        let points = vec![[1.0, 5.0], [5.0, 5.0], [5.0, 5.0], [9.0, 5.0]];
        let dark = darkness(Mark::Line { points, width: 1.5, color: INK });
        for column in 3..17 {
            let across: f32 = (0..20).map(|row| dark[row * 20 + column]).sum();
            assert!((across - 3.0).abs() < 0.05, "column {column}: {across}");
        }
    }

    #[test]
    fn a_glyph_keeps_its_ink_when_scaled() {
        for size in [1, 3, 7, 64] {
            let glyph = Glyph::new(size, vec![255; size * size]).unwrap();
            let area = Area::new(2.0, 2.0, 5.0, 5.0);
            let total: f32 = darkness(Mark::Glyph { area, glyph, color: INK }).iter().sum();
            assert!((total - 100.0).abs() < 0.5, "{size}: {total}");
        }
    }

    #[test]
    fn marks_partly_or_wholly_outside_are_cut_at_the_edge() {
        let far = [[-1e9, -1e9], [1e9, 1e9]];
        Raster::paint(
            20,
            20,
            &[
                Mark::Line { points: far.to_vec(), width: 2.0, color: INK },
                Mark::Disc { centre: [-3.0, 1e20], radius: 5.0, fill: INK },
                Mark::Image { at: [-5.0, 8.0], zoom: 3, width: 4, grey: vec![0; 16] },
                Mark::Text(Text::new("far away", [-20.0, 9.0], 12.0)),
                Mark::Rect { area: Area::new(f32::NAN, 0.0, 1.0, 1.0), fill: INK },
            ],
        );
    }
}
