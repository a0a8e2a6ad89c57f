//! Points and cubic curves.
//!
//! Only `+ - * /` and `sqrt` are used here and in the rest of `kana`: IEEE 754 fixes their results to the bit, so every
//! platform draws the same pixels. A rotation is given by the tangent of its half angle instead of by `sin` and `cos`.

use std::ops::{Add, Mul, Sub};

/// A place or a displacement; x to the right, y down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Shorthand for a [`Point`].
pub(super) const fn point(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Point {
    pub(super) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    pub(super) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// This direction with length 1, or zero where there is no direction.
    pub(super) fn normalised(self) -> Self {
        let length = self.length();
        if length > 0.0 { self * (1.0 / length) } else { Self::default() }
    }

    /// The point a share `t` of the way to `end`.
    pub(super) fn toward(self, end: Self, t: f32) -> Self {
        self + (end - self) * t
    }

    /// Turned by the angle whose half has the tangent `half_tangent`: exactly a rotation, and about `2 * half_tangent`
    /// radians while that is small.
    pub(super) fn turned(self, half_tangent: f32) -> Self {
        let square = half_tangent * half_tangent;
        let (cos, sin) = ((1.0 - square) / (1.0 + square), 2.0 * half_tangent / (1.0 + square));
        point(cos * self.x - sin * self.y, sin * self.x + cos * self.y)
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        point(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        point(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        point(self.x * factor, self.y * factor)
    }
}

/// A cubic Bezier curve: start, two handles, end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cubic(pub(super) [Point; 4]);

impl Cubic {
    /// A straight line, with its handles at the thirds.
    pub(super) fn line(start: Point, end: Point) -> Self {
        Self([start, start.toward(end, 1.0 / 3.0), start.toward(end, 2.0 / 3.0), end])
    }

    /// The point at parameter `t` in [0, 1], by de Casteljau.
    pub(super) fn at(&self, t: f32) -> Point {
        let [a, b, c, d] = self.0;
        let (ab, bc, cd) = (a.toward(b, t), b.toward(c, t), c.toward(d, t));
        ab.toward(bc, t).toward(bc.toward(cd, t), t)
    }

    /// Appends points after the start up to and including the end, about `step` apart.
    pub(super) fn flatten_into(&self, step: f32, out: &mut Vec<Point>) {
        let [a, b, c, d] = self.0;
        let polygon = (b - a).length() + (c - b).length() + (d - c).length();
        let pieces = (polygon / step).ceil().clamp(1.0, 64.0) as u32;
        out.extend((1..pieces).map(|i| self.at(i as f32 / pieces as f32)));
        out.push(d);
    }
}

/// The points of a chain of curves, about `step` apart; none where there is no curve.
pub(super) fn flatten(curves: &[Cubic], step: f32) -> Vec<Point> {
    let mut points: Vec<Point> = curves.first().map(|curve| curve.0[0]).into_iter().collect();
    curves.iter().for_each(|curve| curve.flatten_into(step, &mut points));
    points
}

/// The corners (least x and y, greatest x and y) of the box around all points.
pub(super) fn bounds(points: impl Iterator<Item = Point>) -> (Point, Point) {
    let empty = (point(f32::INFINITY, f32::INFINITY), point(f32::NEG_INFINITY, f32::NEG_INFINITY));
    points
        .fold(empty, |(low, high), p| (point(low.x.min(p.x), low.y.min(p.y)), point(high.x.max(p.x), high.y.max(p.y))))
}

/// The cubic that goes from 0 to 1 with level ends.
pub(super) fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_keeps_length_and_a_half_tangent_of_one_is_a_quarter_turn() {
        assert_eq!(point(3.0, 4.0).turned(1.0), point(-4.0, 3.0));
        assert!((point(3.0, 4.0).turned(0.17).length() - 5.0).abs() < 1e-5);
    }

    #[test]
    fn flattening_keeps_both_ends_and_steps_evenly_on_a_line() {
        let points = flatten(&[Cubic::line(point(0.0, 0.0), point(0.0, 2.0))], 0.5);
        let expected: Vec<Point> = (0..5).map(|i| point(0.0, i as f32 * 0.5)).collect();
        assert_eq!(points.len(), expected.len());
        for (found, expected) in points.iter().zip(expected) {
            assert!((*found - expected).length() < 1e-6, "found {found:?}, expected {expected:?}");
        }
    }
}
