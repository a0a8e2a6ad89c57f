//! How strokes differ from one writing to the next: bent curves, and strokes moved against each other.

use fude_random::Sequence;

use super::character::Strokes;
use super::geometry::{Cubic, Point, point};

/// Standard deviations of the differences.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jitter {
    /// Of a curve's end and handles, as a share of the curve's chord.
    pub(super) bend: f32,
    /// Of a stroke's place, in unit squares.
    pub(super) shift: f32,
    /// Of a stroke's angle, in half tangents (0.05 is about 6 degrees).
    pub(super) turn: f32,
    /// Of a stroke's size, as a share of it.
    pub(super) scale: f32,
}

impl Jitter {
    /// `strokes` written a little differently.
    pub(super) fn apply(&self, strokes: &Strokes, draws: &mut Sequence) -> Strokes {
        strokes.iter().map(|stroke| self.move_stroke(&self.bend_stroke(stroke, draws), draws)).collect()
    }

    /// Moves every curve's end relative to its start, so that a short hook stays a hook and errors add up along the
    /// stroke, as a hand's do. The chain stays unbroken.
    fn bend_stroke(&self, stroke: &[Cubic], draws: &mut Sequence) -> Vec<Cubic> {
        let mut before = Point::default();
        let bend = |&Cubic([a, b, c, d]): &Cubic| {
            let spread = (d - a).length() * self.bend;
            let after = before + bell(draws) * spread;
            let handle_b = before.toward(after, 1.0 / 3.0) + bell(draws) * (0.5 * spread);
            let handle_c = before.toward(after, 2.0 / 3.0) + bell(draws) * (0.5 * spread);
            let bent = Cubic([a + before, b + handle_b, c + handle_c, d + after]);
            before = after;
            bent
        };
        stroke.iter().map(bend).collect()
    }

    /// Turns and scales a stroke about its middle, and shifts it.
    fn move_stroke(&self, stroke: &[Cubic], draws: &mut Sequence) -> Vec<Cubic> {
        let middle = middle(stroke);
        let half_tangent = draws.bell() * self.turn;
        let scale = 1.0 + draws.bell() * self.scale;
        let place = middle + bell(draws) * self.shift;
        let moved = |p: Point| place + (p - middle).turned(half_tangent) * scale;
        stroke.iter().map(|curve| Cubic(curve.0.map(moved))).collect()
    }
}

/// The mean of the curves' ends.
fn middle(stroke: &[Cubic]) -> Point {
    let sum = stroke.iter().fold(Point::default(), |sum, curve| sum + curve.0[3]);
    sum * (1.0 / stroke.len().max(1) as f32)
}

/// A displacement with a spread of 1 along each axis.
fn bell(draws: &mut Sequence) -> Point {
    point(draws.bell(), draws.bell())
}

#[cfg(test)]
mod tests {
    use fude_random::Stream;

    use super::*;
    use crate::kana::character::characters;

    fn draws() -> Sequence {
        Sequence::new(1, Stream::Kana, [0, 0])
    }

    #[test]
    fn no_jitter_changes_nothing_that_shows() {
        let none = Jitter { bend: 0.0, shift: 0.0, turn: 0.0, scale: 0.0 };
        for character in characters() {
            let same = none.apply(&character.strokes, &mut draws());
            for (found, expected) in same.iter().flatten().zip(character.strokes.iter().flatten()) {
                assert!(found.0.iter().zip(expected.0).all(|(f, e)| (*f - e).length() < 1e-6));
            }
        }
    }

    #[test]
    fn jittered_strokes_stay_unbroken() {
        let jitter = Jitter { bend: 0.2, shift: 0.05, turn: 0.1, scale: 0.1 };
        for stroke in characters().iter().flat_map(|c| jitter.apply(&c.strokes, &mut draws())) {
            assert!(stroke.windows(2).all(|pair| pair[0].0[3] == pair[1].0[0]));
        }
    }
}
