//! Loss against learning rate, for the search of one.

use crate::axis::{Axis, significant};
use crate::color::{BLUE, Color, FAINT, GREEN, MUTED, VERMILLION};
use crate::mark::{Anchor, Area, Text};
use crate::panel::{Curve, Panel, TICKS};
use crate::picture::{HEADER, MARGIN, Picture};

const WIDTH: f32 = 640.0;
const HEIGHT: f32 = 400.0;

/// A rate that is pointed out.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Why it.
    pub name: String,
    /// The learning rate.
    pub rate: f64,
}

/// Draws points (rate, loss, smoothed loss) over a logarithmic axis of rates, with suggestions as dashed lines, 1280 x 800
/// pixels. Without points the picture says so.
pub fn lr_curve(points: &[(f64, f64, f64)], suggestions: &[Suggestion], title: &str) -> Picture {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Picture::message(title, "no steps were made");
    };
    let mut picture = Picture::new(WIDTH, HEIGHT);
    picture.header(title, "pale: each step's loss; dark: smoothed over neighbouring steps");
    let plot = Area::new(MARGIN + TICKS, HEADER + 34.0, WIDTH - 2.0 * MARGIN - TICKS, HEIGHT - HEADER - 34.0 - 52.0);
    // What comes after the divergence would squeeze the rest into a line: it ends at the plot's upper edge.
    let highest = most_shown(points);
    let losses = points.iter().flat_map(|&(_, loss, smoothed)| [loss.min(highest), smoothed.min(highest)]);
    let panel = Panel { plot, x: Axis::rates(first.0, last.0), y: Axis::losses(losses) };
    panel.frame_over(&mut picture, "loss (nats)", "learning rate (log scale)");
    let curve = |color: Color, value: fn(&(f64, f64, f64)) -> f64| Curve {
        color,
        points: points.iter().map(|point| (point.0, Some(value(point).min(highest)))).collect(),
        last: String::new(),
    };
    panel.curve(&mut picture, &curve(FAINT, |point| point.1));
    panel.curve(&mut picture, &curve(BLUE, |point| point.2));
    let colors = [VERMILLION, GREEN, MUTED];
    let least = suggestions.iter().map(|one| one.rate).fold(f64::INFINITY, f64::min);
    for (index, (suggestion, color)) in suggestions.iter().zip(colors.iter().cycle()).enumerate() {
        point_out(&mut picture, &panel, suggestion, suggestion.rate <= least, *color, index);
    }
    picture
}

/// The smoothed losses' largest before the lowest, and a little more: after that they only rise.
fn most_shown(points: &[(f64, f64, f64)]) -> f64 {
    let lowest = (0..points.len()).min_by(|&a, &b| points[a].2.total_cmp(&points[b].2)).unwrap_or(0);
    let before = points[..=lowest].iter().map(|&(.., smoothed)| smoothed).fold(0.0, f64::max);
    let all = points.iter().map(|&(.., smoothed)| smoothed).fold(0.0, f64::max);
    all.min(1.2 * before)
}

/// A dashed line with its name beside it, each name a line lower than the one before; that of the least rate to the left,
/// where no other line crosses it.
fn point_out(
    picture: &mut Picture,
    panel: &Panel,
    suggestion: &Suggestion,
    is_least: bool,
    color: Color,
    index: usize,
) {
    if !panel.x.holds(suggestion.rate) {
        return;
    }
    let x = panel.plot.left + panel.x.share(suggestion.rate) * panel.plot.width;
    picture.dashes([x, panel.plot.top], [x, panel.plot.bottom()], color);
    let y = panel.plot.top + 10.0 + 15.0 * index as f32;
    let text = format!("{}: {}", suggestion.name, significant(suggestion.rate));
    let text = Text::new(text, [x + 6.0, y], 11.5).color(color);
    let (room_left, room_right) = (x - panel.plot.left, panel.plot.right() - x);
    let to_left = (is_least && room_left > text.length() + 8.0) || room_right < text.length() + 8.0;
    picture.text(if to_left { Text { at: [x - 6.0, y], ..text.anchor(Anchor::End) } } else { text });
}
