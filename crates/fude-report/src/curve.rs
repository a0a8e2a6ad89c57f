//! Learning curves: loss and accuracy against epoch.

use crate::axis::{Axis, plottable, significant};
use crate::color::{BLUE, Color, GREEN, INK, MUTED, VERMILLION};
use crate::label::drawable;
use crate::mark::{Area, Text};
use crate::panel::{Curve, Panel, TICKS};
use crate::picture::{MARGIN, Picture};
use crate::typeface;
use fude_record::EpochRecord;

const WIDTH: f32 = 800.0;
const HEIGHT: f32 = 320.0;
/// Where the panels' plots begin and end.
const TOP: f32 = 78.0;
const BOTTOM: f32 = HEIGHT - 48.0;
/// Room for the last values, to the right of a plot.
const LAST_VALUES: f32 = 54.0;

/// What a record says of a split, if it was measured.
pub(crate) type Quantity = fn(&EpochRecord) -> Option<f64>;

/// A split as the records have it.
pub(crate) struct Split {
    pub(crate) name: &'static str,
    color: Color,
    pub(crate) loss: Quantity,
    pub(crate) accuracy: Quantity,
}

pub(crate) const SPLITS: [Split; 3] = [
    Split { name: "train", color: BLUE, loss: |r| Some(r.train_loss), accuracy: |r| Some(r.train_accuracy) },
    Split { name: "validation", color: GREEN, loss: |r| r.val_loss, accuracy: |r| r.val_accuracy },
    Split { name: "test", color: VERMILLION, loss: |r| r.test_loss, accuracy: |r| r.test_accuracy },
];

/// Draws loss and accuracy of each split that was measured, 1600 x 640 pixels.
///
/// A dashed line marks `best_epoch` among several. Values that are not finite leave a gap. The loss axis is logarithmic where losses
/// span over two decades. Without records the picture says so.
pub fn learning_curve(records: &[EpochRecord], best_epoch: Option<u32>, title: &str) -> Picture {
    let (Some(first), Some(last)) = (records.iter().map(|r| r.epoch).min(), records.iter().map(|r| r.epoch).max())
    else {
        return Picture::message(title, "no epochs recorded");
    };
    let mut picture = Picture::new(WIDTH, HEIGHT);
    let best_epoch = best_epoch.filter(|best| first < last && (first..=last).contains(best));
    header(&mut picture, records, best_epoch, title);
    let panel =
        |index: usize, y: Axis| Panel { plot: plot_area(index), x: Axis::epochs(f64::from(first), f64::from(last)), y };

    let losses = curves(records, |split| split.loss, 1.0, significant);
    let axis = Axis::losses(losses.iter().flat_map(Curve::values));
    let name = if axis.log { "loss (nats, log scale)" } else { "loss (nats)" };
    draw(&mut picture, &panel(0, axis), &losses, name, best_epoch);

    let accuracies = curves(records, |split| split.accuracy, 100.0, |percent| format!("{percent:.1} %"));
    let axis = Axis::percent(accuracies.iter().flat_map(Curve::values));
    draw(&mut picture, &panel(1, axis), &accuracies, "accuracy (%)", best_epoch);
    picture
}

fn plot_area(index: usize) -> Area {
    let panel = (WIDTH - 2.0 * MARGIN) / 2.0;
    let left = MARGIN + index as f32 * panel + TICKS;
    Area::new(left, TOP, panel - TICKS - LAST_VALUES, BOTTOM - TOP)
}

fn draw(picture: &mut Picture, panel: &Panel, curves: &[Curve], name: &str, best_epoch: Option<u32>) {
    panel.frame(picture, name);
    if let Some(epoch) = best_epoch {
        panel.rule(picture, f64::from(epoch));
    }
    curves.iter().for_each(|curve| panel.curve(picture, curve));
    panel.last_values(picture, curves);
}

/// The curves of one quantity, times `factor`, of the splits that have it.
pub(crate) fn curves(
    records: &[EpochRecord],
    quantity: fn(&Split) -> Quantity,
    factor: f64,
    word: fn(f64) -> String,
) -> Vec<Curve> {
    let curve = |split: &Split| {
        let value = |record: &EpochRecord| quantity(split)(record).map(|v| v * factor).filter(|&v| plottable(v));
        let points: Vec<_> = records.iter().map(|record| (f64::from(record.epoch), value(record))).collect();
        let last = points.iter().rev().find_map(|&(_, value)| value).map(word)?;
        Some(Curve { color: split.color, points, last })
    };
    SPLITS.iter().filter_map(curve).collect()
}

/// The title, and to its right what the colours mean.
fn header(picture: &mut Picture, records: &[EpochRecord], best_epoch: Option<u32>, title: &str) {
    const Y: f32 = 24.0;
    let measured = |split: &&Split| records.iter().any(|r| (split.loss)(r).or((split.accuracy)(r)).is_some());
    let mut right = WIDTH - MARGIN;
    if let Some(epoch) = best_epoch {
        let left = legend_entry(picture, &format!("best: epoch {epoch}"), MUTED, right);
        picture.dashes([left, Y], [left + 18.0, Y], MUTED);
        right = left - 18.0;
    }
    for split in SPLITS.iter().filter(measured).collect::<Vec<_>>().into_iter().rev() {
        let left = legend_entry(picture, split.name, INK, right);
        picture.line(vec![[left, Y], [left + 18.0, Y]], 2.5, split.color);
        right = left - 18.0;
    }
    let title = typeface::fit(&drawable(title), 15.0, true, right - MARGIN);
    picture.text(Text::new(title, [MARGIN, Y], 15.0).bold());
}

/// A word that ends at `right`; returns where the sample of its line begins.
fn legend_entry(picture: &mut Picture, word: &str, color: Color, right: f32) -> f32 {
    let text = Text::new(word, [0.0, 24.0], 11.5).color(color);
    let left = right - text.length();
    picture.text(Text { at: [left, 24.0], ..text });
    left - 24.0
}
