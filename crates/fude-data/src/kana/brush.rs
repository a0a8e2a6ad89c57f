//! Ink on a canvas: rasterises traces by the distance to their centre lines.

use super::geometry::{Point, point};

/// The brush at one place: half its width there, and its ink from 0 (dry) to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Touch {
    pub(super) at: Point,
    pub(super) radius: f32,
    pub(super) ink: f32,
}

impl Touch {
    fn toward(self, end: Self, t: f32) -> Self {
        Self {
            at: self.at.toward(end.at, t),
            radius: self.radius + (end.radius - self.radius) * t,
            ink: self.ink + (end.ink - self.ink) * t,
        }
    }
}

/// What the brush does from going down to lifting.
pub(super) type Trace = Vec<Touch>;

/// Ink `[size, size]` in [0, 1], row by row; pixel (x, y) covers [x, x + 1) x [y, y + 1).
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    pub(super) size: usize,
    pub(super) ink: Vec<f32>,
}

impl Canvas {
    /// An empty canvas.
    pub(super) fn new(size: usize) -> Self {
        Self { size, ink: vec![0.0; size * size] }
    }

    /// Draws a trace, places and radii in pixels.
    pub(super) fn paint(&mut self, trace: &[Touch]) {
        trace.windows(2).for_each(|pair| self.segment(pair[0], pair[1]));
    }

    /// Draws a line between two touches. Where ink is already darker it stays: strokes that cross do not add up.
    fn segment(&mut self, from: Touch, to: Touch) {
        // Half a pixel beyond the radius a pixel's square is no longer covered.
        let reach = from.radius.max(to.radius) + 0.5;
        let columns = self.span(from.at.x.min(to.at.x) - reach, from.at.x.max(to.at.x) + reach);
        for y in self.span(from.at.y.min(to.at.y) - reach, from.at.y.max(to.at.y) + reach) {
            let row = &mut self.ink[y * self.size..][..self.size];
            for x in columns.clone() {
                let pixel = point(x as f32 + 0.5, y as f32 + 0.5);
                row[x] = row[x].max(coverage(from, to, pixel));
            }
        }
    }

    /// The pixels whose centres lie in [low, high], cut to the canvas.
    fn span(&self, low: f32, high: f32) -> std::ops::Range<usize> {
        // A cast from f32 saturates: what lies left of the canvas becomes 0.
        let start = (low - 0.5).ceil() as usize;
        start..((high + 0.5).floor() as usize).min(self.size)
    }
}

/// How much of the pixel around `pixel` a line covers, times its ink: exact for a straight edge along an axis.
fn coverage(from: Touch, to: Touch, pixel: Point) -> f32 {
    let (along, offset) = (to.at - from.at, pixel - from.at);
    let t = (offset.dot(along) / along.dot(along).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    let nearest = from.toward(to, t);
    let distance = (pixel - nearest.at).length();
    // A line thinner than a pixel covers at most its width.
    (nearest.radius + 0.5 - distance).clamp(0.0, (2.0 * nearest.radius).min(1.0)) * nearest.ink
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(x: f32, y: f32, radius: f32) -> Touch {
        Touch { at: point(x, y), radius, ink: 1.0 }
    }

    #[test]
    fn a_horizontal_line_covers_its_width() {
        let mut canvas = Canvas::new(9);
        canvas.paint(&[touch(-3.0, 4.5, 1.25), touch(12.0, 4.5, 1.25)]);
        let column: Vec<f32> = (0..9).map(|y| canvas.ink[y * 9 + 4]).collect();
        assert_eq!(column, [0.0, 0.0, 0.0, 0.75, 1.0, 0.75, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn what_lies_outside_is_cut() {
        let mut canvas = Canvas::new(4);
        canvas.paint(&[touch(-9.0, -9.0, 2.0), touch(-5.0, 30.0, 2.0), touch(40.0, 40.0, 2.0)]);
        canvas.paint(&[touch(50.0, 1.0, 1.0), touch(60.0, 1.0, 1.0)]);
        assert!(canvas.ink.iter().all(|&ink| ink == 0.0));
    }

    #[test]
    fn crossing_strokes_do_not_add_up() {
        let mut canvas = Canvas::new(5);
        let half = |x, y| Touch { ink: 0.5, ..touch(x, y, 1.0) };
        canvas.paint(&[half(0.0, 2.5), half(5.0, 2.5)]);
        canvas.paint(&[half(2.5, 0.0), half(2.5, 5.0)]);
        assert_eq!(canvas.ink[2 * 5 + 2], 0.5);
    }
}
