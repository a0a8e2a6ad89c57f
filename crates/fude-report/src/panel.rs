//! One plot of lines against epochs: frame, grid, ticks, lines, and the last value beside the end of each.

use crate::axis::{Axis, plottable};
use crate::color::{Color, FAINT, GRID, MUTED};
use crate::mark::{Anchor, Area, Text};
use crate::picture::Picture;

/// Up to this many epochs each has a dot.
const DOTTED_EPOCHS: usize = 30;
/// Room for the y ticks, to the left of a plot.
pub(crate) const TICKS: f32 = 40.0;
/// Least distance of two lines of small text.
const LINE_HEIGHT: f32 = 14.0;

/// The space in which lines are drawn, and what its edges mean.
pub(crate) struct Panel {
    pub(crate) plot: Area,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

/// One line: a value, if there is one, for each epoch.
pub(crate) struct Curve {
    pub(crate) color: Color,
    pub(crate) points: Vec<(f64, Option<f64>)>,
    /// The last value in words.
    pub(crate) last: String,
}

impl Curve {
    /// The values that can be drawn.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|&(_, value)| value)
    }

    /// The parts between values that cannot be drawn: a gap is shown as a gap.
    fn parts(&self) -> impl Iterator<Item = Vec<(f64, f64)>> {
        let drawable = |&(x, y): &(f64, Option<f64>)| y.filter(|&y| plottable(y)).map(|y| (x, y));
        self.points
            .split(move |point| drawable(point).is_none())
            .map(move |part| part.iter().filter_map(drawable).collect::<Vec<_>>())
            .filter(|part| !part.is_empty())
    }
}

impl Panel {
    /// Where a value lies in the picture.
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> [f32; 2] {
        let Area { left, width, height, .. } = self.plot;
        [left + self.x.share(x) * width, self.plot.bottom() - self.y.share(y) * height]
    }

    /// The name of the y axis over it, grid, ticks and the name of the x axis.
    pub(crate) fn frame(&self, picture: &mut Picture, name: &str) {
        self.frame_over(picture, name, "epoch");
    }

    /// [`Panel::frame`] with another name of the x axis.
    pub(crate) fn frame_over(&self, picture: &mut Picture, name: &str, x_name: &str) {
        let Area { left, top, .. } = self.plot;
        let (right, bottom) = (self.plot.right(), self.plot.bottom());
        picture.text(Text::new(name, [left - TICKS, top - 18.0], 12.0).bold());
        for tick in &self.y.ticks {
            let y = bottom - self.y.share(tick.value) * self.plot.height;
            picture.line(vec![[left, y], [right, y]], 0.75, GRID);
            picture.text(small(&tick.label, [left - 6.0, y]).anchor(Anchor::End));
        }
        for tick in &self.x.ticks {
            let x = left + self.x.share(tick.value) * self.plot.width;
            picture.line(vec![[x, top], [x, bottom]], 0.75, GRID);
            picture.text(small(&tick.label, [x, bottom + 13.0]).anchor(Anchor::Middle));
        }
        picture.line(vec![[left, bottom], [right, bottom]], 1.0, FAINT);
        picture.text(Text::new(x_name, [left + self.plot.width / 2.0, bottom + 31.0], 12.0).anchor(Anchor::Middle));
    }

    /// A dashed line at an epoch; nothing where the axis does not hold it.
    pub(crate) fn rule(&self, picture: &mut Picture, epoch: f64) {
        if self.x.holds(epoch) {
            let x = self.plot.left + self.x.share(epoch) * self.plot.width;
            picture.dashes([x, self.plot.top], [x, self.plot.bottom()], MUTED);
        }
    }

    /// The line, with a dot for each value where they are few and where one stands alone.
    pub(crate) fn curve(&self, picture: &mut Picture, curve: &Curve) {
        for part in curve.parts() {
            let points: Vec<[f32; 2]> = part.into_iter().map(|point| self.at(point)).collect();
            let radius = if points.len() == 1 { 3.0 } else { 2.0 };
            let dots = if points.len() == 1 || curve.points.len() <= DOTTED_EPOCHS { points.clone() } else { vec![] };
            picture.line(points, 1.5, curve.color);
            dots.into_iter().for_each(|dot| picture.disc(dot, radius, curve.color));
        }
    }

    /// The last value of each curve to the right of the panel, level with it or as near as there is room.
    pub(crate) fn last_values(&self, picture: &mut Picture, curves: &[Curve]) {
        let mut named: Vec<(f32, &Curve)> = curves
            .iter()
            .filter_map(|curve| {
                curve.parts().last().and_then(|part| part.last().copied()).map(|end| (self.at(end)[1], curve))
            })
            .collect();
        named.sort_by(|a, b| a.0.total_cmp(&b.0));
        let heights = spread(named.iter().map(|&(y, _)| y).collect(), self.plot.top, self.plot.bottom());
        for ((_, curve), y) in named.into_iter().zip(heights) {
            picture.text(small(&curve.last, [self.plot.right() + 7.0, y]).color(curve.color));
        }
    }
}

fn small(content: &str, at: [f32; 2]) -> Text {
    Text::new(content, at, 10.5).color(MUTED)
}

/// Moves sorted heights apart by at least a line of text, downwards first and then up from the bottom.
fn spread(mut heights: Vec<f32>, top: f32, bottom: f32) -> Vec<f32> {
    let mut least = top;
    for height in &mut heights {
        *height = height.max(least);
        least = *height + LINE_HEIGHT;
    }
    let mut most = bottom;
    for height in heights.iter_mut().rev() {
        *height = height.min(most);
        most = *height - LINE_HEIGHT;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::BLUE;

    #[test]
    fn names_of_close_values_are_moved_apart_and_stay_beside_the_panel() {
        for heights in [vec![50.0, 51.0, 52.0], vec![99.0, 99.0, 100.0], vec![0.0, 0.0, 0.0]] {
            let moved = spread(heights, 0.0, 100.0);
            assert!(moved.windows(2).all(|pair| pair[1] - pair[0] >= LINE_HEIGHT - 1e-3), "{moved:?}");
            assert!(moved.iter().all(|y| (0.0..=100.0).contains(y)), "{moved:?}");
        }
    }

    #[test]
    fn values_that_cannot_be_drawn_leave_a_gap() {
        let values = [Some(1.0), Some(2.0), Some(f64::NAN), None, Some(3.0), Some(f64::INFINITY)];
        let points = values.into_iter().enumerate().map(|(i, value)| (i as f64, value)).collect();
        let curve = Curve { color: BLUE, points, last: String::new() };
        let parts: Vec<_> = curve.parts().collect();
        assert_eq!(parts, [vec![(0.0, 1.0), (1.0, 2.0)], vec![(4.0, 3.0)]]);
    }
}
