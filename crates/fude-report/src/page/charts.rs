//! Learning curves, and accuracy against confidence.

use super::Report;
use super::element::Section;
use crate::color::{BLUE, FAINT, GRID, MUTED, VERMILLION};
use crate::mark::{Anchor, Area, Text};
use crate::panels::{curve_pictures, measured_splits};
use crate::picture::Picture;
use crate::svg::svg;
use fude_record::{CONFIDENCE_BINS, Calibration};
use std::fmt::Write;

/// Loss and accuracy against epoch, side by side where there is room.
pub(super) fn curves(report: &Report<'_>) -> Section {
    let (records, summary) = (report.records, report.summary);
    let mut out = String::new();
    let pictures = curve_pictures(records, summary.best_epoch);
    if pictures.is_empty() {
        out += "<p class=\"note\">No epochs are recorded.</p>";
        return Section::new("curves", "Learning curves", out);
    }
    out += "<ul class=\"legend\">";
    for (name, color) in measured_splits(records) {
        let _ = write!(out, "<li><i style=\"border-color:var(--{color})\"></i>{name}</li>");
    }
    if summary.best_epoch.is_some() {
        out += "<li><i style=\"border-color:var(--muted);border-top-style:dashed\"></i>best epoch</li>";
    }
    out += "</ul><div class=\"pair\">";
    for (picture, what) in pictures.iter().zip(["Loss against epoch", "Accuracy against epoch"]) {
        out += &svg(picture, what);
    }
    Section::new("curves", "Learning curves", out + "</div>")
}

/// Units of the plot of confidence, and of the histogram under it.
const WIDTH: f32 = 400.0;
const PLOT: Area = Area { left: 48.0, top: 28.0, width: 330.0, height: 220.0 };
const COUNTS: Area = Area { left: 48.0, top: 290.0, width: 330.0, height: 60.0 };

/// Bars of accuracy for each bin of confidence with the line on which they should end, and how many images each has.
pub(super) fn reliability(calibration: &Calibration) -> String {
    let mut picture = Picture::new(WIDTH, COUNTS.bottom() + 42.0);
    frame(&mut picture);
    let most = calibration.bins.iter().map(|bin| bin.images).max().unwrap_or(0).max(1) as f32;
    let width = PLOT.width / CONFIDENCE_BINS as f32;
    for bin in &calibration.bins {
        let left = PLOT.left + bin.from as f32 * PLOT.width;
        let height = bin.accuracy as f32 * PLOT.height;
        picture.rect(Area::new(left + 1.0, PLOT.bottom() - height, width - 2.0, height), BLUE);
        let y = PLOT.bottom() - bin.confidence as f32 * PLOT.height;
        picture.line(vec![[left + 1.0, y], [left + width - 1.0, y]], 2.5, VERMILLION);
        let height = (bin.images as f32 / most * COUNTS.height).max(0.75);
        picture.rect(Area::new(left + 1.0, COUNTS.bottom() - height, width - 2.0, height), FAINT);
    }
    picture.dashes([PLOT.left, PLOT.bottom()], [PLOT.right(), PLOT.top], MUTED);
    svg(&picture, "Accuracy against confidence, in 15 bins; under it the images in each bin")
}

fn frame(picture: &mut Picture) {
    let small = |text: String, at: [f32; 2]| Text::new(text, at, 10.5).color(MUTED);
    picture.text(Text::new("accuracy", [0.0, 12.0], 12.0).bold());
    picture.text(Text::new("images", [0.0, COUNTS.top - 16.0], 12.0).bold());
    for quarter in 0..=4u8 {
        let share = f32::from(quarter) / 4.0;
        let (x, y) = (PLOT.left + share * PLOT.width, PLOT.bottom() - share * PLOT.height);
        picture.line(vec![[PLOT.left, y], [PLOT.right(), y]], 0.75, GRID);
        picture.text(small(format!("{} %", u32::from(quarter) * 25), [PLOT.left - 6.0, y]).anchor(Anchor::End));
        picture
            .text(small(format!("{} %", u32::from(quarter) * 25), [x, COUNTS.bottom() + 13.0]).anchor(Anchor::Middle));
    }
    picture.line(vec![[COUNTS.left, COUNTS.bottom()], [COUNTS.right(), COUNTS.bottom()]], 1.0, FAINT);
    let middle = PLOT.left + PLOT.width / 2.0;
    picture.text(Text::new("confidence", [middle, COUNTS.bottom() + 32.0], 12.0).anchor(Anchor::Middle));
}
