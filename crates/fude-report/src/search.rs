//! Pictures of a search: what its trials reached over the epochs spent, and which values they had.

use crate::axis::Axis;
use crate::color::{BLUE, FAINT, INK, MUTED, RIGHT_RAMP, VERMILLION, ramp};
use crate::label::drawable;
use crate::mark::{Anchor, Area, Text};
use crate::panel::{Curve, Panel, TICKS};
use crate::picture::{HEADER, MARGIN, Picture};
use crate::typeface;

const WIDTH: f32 = 720.0;
const HEIGHT: f32 = 400.0;

/// A trial in the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchPoint {
    /// Epochs that all trials together had been trained for when it ended.
    pub epochs: f64,
    /// What it reached; a percentage where the objective is an accuracy.
    pub value: f64,
    /// Whether it was trained to its end, or stopped before.
    pub finished: bool,
}

/// What is searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchGoal<'a> {
    /// Its name and unit: "validation accuracy (%)".
    pub name: &'a str,
    /// Whether higher is better.
    pub higher: bool,
}

/// Draws trials, those stopped early paler, and the best finished so far as a line: 1440 x 800 pixels.
pub fn search_history(points: &[SearchPoint], goal: SearchGoal<'_>, title: &str) -> Picture {
    let Some(last) = points.iter().map(|point| point.epochs).reduce(f64::max) else {
        return Picture::message(title, "no trial has ended");
    };
    let mut picture = Picture::new(WIDTH, HEIGHT);
    let stopped = points.iter().filter(|point| !point.finished).count();
    let note = format!("{} trials, {stopped} of them stopped early (pale); line: the best so far", points.len());
    picture.header(title, &note);
    let plot = Area::new(MARGIN + TICKS, HEADER + 34.0, WIDTH - 2.0 * MARGIN - TICKS, HEIGHT - HEADER - 34.0 - 52.0);
    let values = points.iter().map(|point| point.value);
    let y = if goal.higher { Axis::percent(values) } else { Axis::losses(values) };
    let panel = Panel { plot, x: Axis::epochs(0.0, last), y };
    panel.frame_over(&mut picture, goal.name, "epochs of all trials");
    panel.curve(&mut picture, &best_so_far(points, goal.higher, last));
    for point in points {
        let color = if point.finished { BLUE } else { FAINT };
        picture.disc(panel.at((point.epochs, point.value)), if point.finished { 3.5 } else { 2.5 }, color);
    }
    picture
}

/// A staircase over finished trials.
fn best_so_far(points: &[SearchPoint], higher: bool, last: f64) -> Curve {
    let mut line: Vec<(f64, Option<f64>)> = Vec::new();
    let mut best: Option<f64> = None;
    for point in points.iter().filter(|point| point.finished) {
        if best.is_none_or(|best| if higher { point.value > best } else { point.value < best }) {
            line.extend(best.map(|best| (point.epochs, Some(best))));
            line.push((point.epochs, Some(point.value)));
            best = Some(point.value);
        }
    }
    line.push((last, best));
    // So many points that none has a dot of its own: the trials' dots are drawn over the line.
    line.extend(std::iter::repeat_n((last, best), 31));
    Curve { color: VERMILLION, points: line, last: String::new() }
}

/// An upright axis of the parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchAxis {
    /// The key.
    pub name: String,
    /// Values named beside it, each where it lies: 0 the bottom, 1 the top.
    pub ticks: Vec<(f64, String)>,
}

/// A trial in the parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchLine {
    /// Where it crosses each axis, 0 to 1.
    pub places: Vec<f64>,
    /// How good it is among the others, 0 to 1; none where it was stopped early.
    pub quality: Option<f64>,
}

/// Draws a line a trial across an axis a key, the better the darker, the best in a colour of its own.
pub fn search_coordinates(axes: &[SearchAxis], lines: &[SearchLine], note: &str, title: &str) -> Picture {
    if axes.len() < 2 || lines.is_empty() {
        return Picture::message(title, "nothing to draw: fewer than two axes, or no trial");
    }
    let width = (170.0 * (axes.len() - 1) as f32 + 200.0).max(480.0);
    let mut picture = Picture::new(width, HEIGHT);
    picture.header(title, note);
    let area = Area::new(90.0, HEADER + 40.0, width - 180.0, HEIGHT - HEADER - 40.0 - 30.0);
    let at = |axis: usize, place: f64| {
        let x = area.left + area.width * axis as f32 / (axes.len() - 1) as f32;
        [x, area.bottom() - place.clamp(0.0, 1.0) as f32 * area.height]
    };
    for axis in 0..axes.len() {
        picture.line(vec![at(axis, 0.0), at(axis, 1.0)], 1.0, FAINT);
    }
    // The good ones last, so that they are on top.
    let mut order: Vec<&SearchLine> = lines.iter().collect();
    order.sort_by(|a, b| a.quality.unwrap_or(-1.0).total_cmp(&b.quality.unwrap_or(-1.0)));
    for line in &order {
        let points = (0..axes.len()).zip(&line.places).map(|(axis, &place)| at(axis, place)).collect();
        let (width, color) = match line.quality {
            None => (0.6, FAINT),
            Some(quality) if quality >= 1.0 => (2.5, VERMILLION),
            Some(quality) => (1.25, ramp(&RIGHT_RAMP, 0.15 + 0.75 * quality as f32)),
        };
        picture.line(points, width, color);
    }
    for (index, axis) in axes.iter().enumerate() {
        let [x, top] = at(index, 1.0);
        let name = typeface::fit(&drawable(&axis.name), 11.5, true, 165.0);
        picture.text(Text::new(name, [x, top - 18.0], 11.5).bold().color(INK).anchor(Anchor::Middle));
        for (place, label) in &axis.ticks {
            let label = typeface::fit(&drawable(label), 10.5, false, 80.0);
            let [x, y] = at(index, *place);
            // Paper behind the words, so that lines do not cross them.
            let text = Text::new(label, [x + 5.0, y], 10.5).color(MUTED);
            picture.rect(Area::new(x + 3.0, y - 7.0, text.length() + 4.0, 14.0), crate::color::PAPER);
            picture.text(text);
        }
    }
    picture
}
