//! Deforms a whole writing: affine, smooth elastic, and into the frame.
//!
//! The points of the traces are moved rather than the pixels of an image: that costs less and blurs nothing.

use fude_random::Sequence;

use super::brush::Trace;
use super::geometry::{Point, bounds, point, smooth};

/// Cells a side of the elastic grid: strokes bend over about a third of the character.
const CELLS: usize = 3;
/// Displacements a side of the grid.
const NODES: usize = CELLS + 1;

/// One deformation of the unit square.
#[derive(Clone, Debug)]
pub(super) struct Warp {
    turn: f32,
    shear: f32,
    aspect: f32,
    grid: [[Point; NODES]; NODES],
}

impl Warp {
    /// Draws a deformation. `elastic` is the spread of the grid's displacements in unit squares.
    pub(super) fn draw(elastic: f32, draws: &mut Sequence) -> Self {
        Self {
            // Half tangents: a spread of about 6 degrees.
            turn: draws.bell() * 0.05,
            shear: draws.bell() * 0.12,
            // Columns of cursive text are narrow: KMNIST's characters are on average 21 pixels wide and 26 high.
            aspect: draws.range(0.65, 1.1),
            grid: std::array::from_fn(|_| {
                std::array::from_fn(|_| point(draws.bell() * elastic, draws.bell() * elastic))
            }),
        }
    }

    /// Where a point goes.
    fn at(&self, p: Point) -> Point {
        let bent = p + self.displacement(p);
        let centred = bent - point(0.5, 0.5);
        let slanted = point((centred.x - self.shear * centred.y) * self.aspect, centred.y);
        slanted.turned(self.turn)
    }

    /// The grid's displacement at a point, without kinks at the cells' borders; outside the square, that of its border.
    fn displacement(&self, p: Point) -> Point {
        let cell = |v: f32| {
            let v = v.clamp(0.0, 1.0) * CELLS as f32;
            let index = (v as usize).min(CELLS - 1);
            (index, smooth(v - index as f32))
        };
        let ((column, tx), (row, ty)) = (cell(p.x), cell(p.y));
        let across = |row: usize| self.grid[row][column].toward(self.grid[row][column + 1], tx);
        across(row).toward(across(row + 1), ty)
    }

    /// Deforms traces in place.
    pub(super) fn apply(&self, traces: &mut [Trace]) {
        traces.iter_mut().flatten().for_each(|touch| touch.at = self.at(touch.at));
    }
}

/// Scales places and radii so that the traces fill a square image of `size` pixels, as KMNIST's characters do, and puts
/// their box near its middle. Radii are shares of `size` before and pixels after. Proportions are kept.
pub(super) fn fit(traces: &mut [Trace], size: f32, draws: &mut Sequence) {
    let margin = draws.range(0.0, 0.04);
    let shift = point(draws.bell() * 0.02, draws.bell() * 0.02);
    let (low, high) = bounds(traces.iter().flatten().map(|touch| touch.at));
    let radius = traces.iter().flatten().map(|touch| touch.radius).fold(0.0, f32::max);
    // Strokes end thin: half the widest radius on each side is room enough for their ends.
    let room = 1.0 - 2.0 * margin - radius;
    // 0.05: even a dot's box is not blown up without bounds.
    let scale = room / (high.x - low.x).max(high.y - low.y).max(0.05);
    let middle = low.toward(high, 0.5);
    for touch in traces.iter_mut().flatten() {
        touch.at = ((touch.at - middle) * scale + point(0.5, 0.5) + shift) * size;
        touch.radius *= size;
    }
}

#[cfg(test)]
mod tests {
    use fude_random::Stream;

    use super::*;
    use crate::kana::brush::Touch;

    fn draws() -> Sequence {
        Sequence::new(2, Stream::Kana, [0, 0])
    }

    #[test]
    fn the_elastic_field_has_no_jumps() {
        let warp = Warp::draw(0.05, &mut draws());
        for i in 0..2000 {
            let p = point(i as f32 / 1000.0 - 0.5, 0.4);
            let jump = (warp.at(p + point(0.001, 0.0)) - warp.at(p)).length();
            assert!(jump < 0.004, "a jump of {jump} at {p:?}");
        }
    }

    #[test]
    fn a_fitted_character_fills_the_frame_and_stays_near_its_middle() {
        let touch = |x, y| Touch { at: point(x, y), radius: 0.05, ink: 1.0 };
        let mut traces = vec![vec![touch(3.0, 7.0), touch(3.1, 7.4)], vec![touch(3.2, 7.1)]];
        fit(&mut traces, 28.0, &mut draws());
        let (low, high) = bounds(traces.iter().flatten().map(|touch| touch.at));
        assert!((20.0..27.0).contains(&(high.y - low.y)), "height {}", high.y - low.y);
        assert!((low.toward(high, 0.5) - point(14.0, 14.0)).length() < 4.0);
        assert_eq!(traces[0][0].radius, 0.05 * 28.0);
    }
}
