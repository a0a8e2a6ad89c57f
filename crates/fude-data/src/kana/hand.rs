//! One writing of a character: what the brush does along each stroke.

use fude_random::Sequence;

use super::brush::{Touch, Trace};
use super::character::Strokes;
use super::geometry::{Cubic, Point, flatten, point, smooth};

/// Distance of the points along a stroke, in unit squares: about a pixel of a 28 x 28 image.
const STEP: f32 = 0.04;

/// Where along a stroke the pressure is drawn; between them it is interpolated.
const KNOTS: usize = 5;

/// How a character is written: the brush and the mood of the hand that holds it.
#[derive(Clone, Debug)]
pub(super) struct Hand {
    /// Half the brush's width under full pressure, as a share of the image.
    radius: f32,
    /// Across this direction the brush is thinner by the share `flat`.
    nib: Point,
    flat: f32,
    /// Shares of a stroke over which it starts and ends.
    entry: f32,
    exit: f32,
    /// Share of the width that is left at the very end.
    tip: f32,
    /// How far pressure wanders from 1.
    unrest: f32,
    /// Chance that a stroke runs on into the next one.
    join: f32,
    /// Chance that the brush runs dry within a stroke.
    dry: f32,
}

impl Hand {
    /// Draws a hand.
    ///
    /// The ranges were set by eye beside KMNIST, and so that ink covers about as many pixels (a fifth) as there.
    pub(super) fn draw(draws: &mut Sequence) -> Self {
        let cursive = draws.unit();
        Self {
            radius: draws.range(0.038, 0.082),
            nib: point(1.0, 0.0).turned(draws.range(-0.6, 0.6)),
            flat: draws.range(0.1, 0.65),
            entry: draws.range(0.05, 0.2),
            exit: draws.range(0.1, 0.5),
            tip: draws.range(0.15, 0.6),
            unrest: draws.range(0.1, 0.35),
            // Half of the hands lift the brush between all strokes, as in printed teaching books; the others seldom do.
            join: if cursive < 0.5 { 0.05 } else { 0.75 },
            dry: draws.range(0.0, 0.3),
        }
    }

    /// The traces of all strokes and of the connections between them, in writing order.
    pub(super) fn write(&self, strokes: &Strokes, draws: &mut Sequence) -> Vec<Trace> {
        let mut traces = Vec::with_capacity(2 * strokes.len());
        for (index, stroke) in strokes.iter().enumerate() {
            traces.push(self.stroke(stroke, draws));
            let next = strokes.get(index + 1).filter(|_| draws.unit() < self.join);
            traces.extend(next.map(|next| self.connection(stroke, next, draws)));
        }
        traces
    }

    fn stroke(&self, stroke: &[Cubic], draws: &mut Sequence) -> Trace {
        let points = flatten(stroke, STEP);
        let pressure = Pressure::draw(self.unrest, draws);
        let dry_from = if draws.unit() < self.dry { draws.range(0.2, 0.8) } else { 1.0 };
        let shares = shares(&points);
        let touch = |(i, (&at, &share)): (usize, (&Point, &f32))| {
            let direction = (points[(i + 1).min(points.len() - 1)] - points[i.saturating_sub(1)]).normalised();
            let width = pressure.at(share) * self.lift(share) * (1.0 - self.flat * direction.dot(self.nib).abs());
            let ink = if share > dry_from { draws.range(0.25, 1.0) } else { 1.0 };
            Touch { at, radius: self.radius * width, ink }
        };
        points.iter().zip(&shares).enumerate().map(touch).collect()
    }

    /// Share of the width that the brush has a share `t` of the way along a stroke: it goes down fast and lifts slowly.
    fn lift(&self, t: f32) -> f32 {
        let down = smooth((0.4 + t / self.entry).min(1.0));
        let up = smooth(((1.0 - t) / self.exit).min(1.0));
        down * (self.tip + (1.0 - self.tip) * up)
    }

    /// A thin line from the end of one stroke to the start of the next, leaving and arriving in the strokes' directions.
    fn connection(&self, from: &[Cubic], to: &[Cubic], draws: &mut Sequence) -> Trace {
        let (Some(Cubic([.., c, d])), Some(Cubic([a, b, ..]))) = (from.last(), to.first()) else { return Trace::new() };
        let reach = (*a - *d).length() * draws.range(0.2, 0.5);
        let leave = *d + (*d - *c).normalised() * reach;
        let arrive = *a - (*b - *a).normalised() * reach;
        let radius = self.radius * draws.range(0.25, 0.6);
        let points = flatten(&[Cubic([*d, leave, arrive, *a])], STEP);
        points.into_iter().map(|at| Touch { at, radius, ink: 1.0 }).collect()
    }
}

/// Pressure along a stroke, around 1.
struct Pressure([f32; KNOTS]);

impl Pressure {
    fn draw(unrest: f32, draws: &mut Sequence) -> Self {
        Self(std::array::from_fn(|_| 1.0 + draws.range(-unrest, unrest)))
    }

    /// The pressure a share `t` in [0, 1] of the way along.
    fn at(&self, t: f32) -> f32 {
        let position = t * (KNOTS - 1) as f32;
        let knot = (position as usize).min(KNOTS - 2);
        self.0[knot] + (self.0[knot + 1] - self.0[knot]) * smooth(position - knot as f32)
    }
}

/// The share of the whole length that lies before each point.
fn shares(points: &[Point]) -> Vec<f32> {
    let mut length = 0.0;
    let steps = points.windows(2).map(|pair| (pair[1] - pair[0]).length());
    let mut shares = vec![0.0];
    shares.extend(steps.map(|step| {
        length += step;
        length
    }));
    shares.iter_mut().for_each(|share| *share /= length.max(f32::MIN_POSITIVE));
    shares
}

#[cfg(test)]
mod tests {
    use fude_random::Stream;

    use super::*;
    use crate::kana::character::characters;

    #[test]
    fn strokes_end_thinner_than_they_are_in_the_middle() {
        let mut draws = Sequence::new(3, Stream::Kana, [0, 0]);
        for character in characters() {
            let hand = Hand::draw(&mut draws);
            for stroke in &character.strokes {
                let trace = hand.stroke(stroke, &mut draws);
                let widest = trace.iter().map(|touch| touch.radius).fold(0.0, f32::max);
                assert!(trace.last().unwrap().radius < widest && trace[0].radius < widest, "{}", character.name);
            }
        }
    }

    #[test]
    fn a_connection_runs_from_stroke_to_stroke() {
        let mut draws = Sequence::new(3, Stream::Kana, [0, 1]);
        let [first, second, ..] = &characters()[0].strokes[..] else { panic!("two strokes") };
        let trace = Hand::draw(&mut draws).connection(first, second, &mut draws);
        assert_eq!(trace[0].at, first.last().unwrap().0[3]);
        assert_eq!(trace.last().unwrap().at, second[0].0[0]);
    }
}
