//! Learning curves for pages: a picture a quantity, so that they stand one under the other on a narrow screen.

use crate::axis::{Axis, plottable, significant};
use crate::color::{BLUE, Color, GREEN, INK, MUTED, PURPLE, VERMILLION};
use crate::curve::{Quantity, SPLITS, curves};
use crate::mark::Area;
use crate::panel::{Curve, Panel, TICKS};
use crate::picture::Picture;
use fude_record::EpochRecord;

/// Size of a picture in units, and where the plot is in it.
const WIDTH: f32 = 400.0;
const HEIGHT: f32 = 250.0;
const PLOT: Area = Area { left: TICKS + 2.0, top: 32.0, width: WIDTH - TICKS - 60.0, height: HEIGHT - 78.0 };

/// The colours of runs, in their order.
pub(crate) const RUN_COLORS: [Color; 6] = [BLUE, VERMILLION, GREEN, PURPLE, MUTED, INK];

/// Loss and accuracy against epoch; nothing without records.
pub(crate) fn curve_pictures(records: &[EpochRecord], best_epoch: Option<u32>) -> Vec<Picture> {
    let Some((first, last)) = epochs(&[records]) else { return Vec::new() };
    let rule = best_epoch.map(f64::from).filter(|best| first < last && (first..=last).contains(best));
    let losses = curves(records, |split| split.loss, 1.0, significant);
    let loss = Axis::losses(losses.iter().flat_map(Curve::values));
    let name = if loss.log { "loss (nats, log scale)" } else { "loss (nats)" };
    let accuracies = curves(records, |split| split.accuracy, 100.0, |percent| format!("{percent:.1} %"));
    let accuracy = Axis::percent(accuracies.iter().flat_map(Curve::values));
    let x = Axis::epochs(first, last);
    vec![draw(x.clone(), loss, &losses, name, rule), draw(x, accuracy, &accuracies, "accuracy (%)", rule)]
}

/// The splits that were measured, each with its colour's name.
pub(crate) fn measured_splits(records: &[EpochRecord]) -> Vec<(&'static str, &'static str)> {
    let measured = |quantity: Quantity| records.iter().any(|record| quantity(record).is_some());
    let names = ["blue", "green", "vermillion"];
    let splits = SPLITS.iter().zip(names).filter(|(split, _)| measured(split.loss) || measured(split.accuracy));
    splits.map(|(split, color)| (split.name, color)).collect()
}

/// The accuracy of several runs against epoch, and on which split: the last of train, validation and test that all of
/// them have measured. Nothing where one has no epochs.
pub(crate) fn compared_curves(runs: &[&[EpochRecord]]) -> Option<(Picture, &'static str)> {
    let (first, last) = epochs(runs)?;
    let has = |records: &&[EpochRecord], quantity: Quantity| records.iter().any(|record| quantity(record).is_some());
    let split = SPLITS.iter().rev().find(|split| runs.iter().all(|records| has(records, split.accuracy)))?;
    let curve = |(records, color): (&&[EpochRecord], Color)| {
        let value = |record: &EpochRecord| (split.accuracy)(record).map(|v| 100.0 * v).filter(|&v| plottable(v));
        let points: Vec<_> = records.iter().map(|record| (f64::from(record.epoch), value(record))).collect();
        let last = points.iter().rev().find_map(|&(_, value)| value).map_or(String::new(), |v| format!("{v:.1} %"));
        Curve { color, points, last }
    };
    let curves: Vec<Curve> = runs.iter().zip(RUN_COLORS).map(curve).collect();
    let y = Axis::percent(curves.iter().flat_map(Curve::values));
    Some((draw(Axis::epochs(first, last), y, &curves, "accuracy (%)", None), split.name))
}

fn draw(x: Axis, y: Axis, curves: &[Curve], name: &str, rule: Option<f64>) -> Picture {
    let mut picture = Picture::new(WIDTH, HEIGHT);
    let panel = Panel { plot: PLOT, x, y };
    panel.frame(&mut picture, name);
    if let Some(epoch) = rule {
        panel.rule(&mut picture, epoch);
    }
    curves.iter().for_each(|curve| panel.curve(&mut picture, curve));
    panel.last_values(&mut picture, curves);
    picture
}

/// The first and the last epoch of all runs, each of which must have some.
fn epochs(runs: &[&[EpochRecord]]) -> Option<(f64, f64)> {
    let ends = |records: &&[EpochRecord]| {
        let epochs = records.iter().map(|record| f64::from(record.epoch));
        Some((epochs.clone().reduce(f64::min)?, epochs.reduce(f64::max)?))
    };
    let all: Vec<(f64, f64)> = runs.iter().map(ends).collect::<Option<_>>()?;
    all.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
