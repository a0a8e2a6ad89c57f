//! A run as one HTML page: nothing outside it is needed to read it, no script runs in it, and every text is escaped.

mod charts;
mod classes;
mod comparison;
mod element;
mod facts;
mod images;
mod judged;
mod layers;
mod matrix;
mod overview;
mod weights;

use crate::{ClassLabel, ReportError};
use element::{page_start, symbols};
use fude_record::{Answers, Calibration, EpochRecord, Evaluation, Experiment, Hard, Mistake, Summary};

pub use comparison::ComparedRun;
pub use weights::FirstLayer;

/// What a page tells of a run.
pub struct Report<'a> {
    /// What it reached.
    pub summary: &'a Summary,
    /// What it was asked to do.
    pub experiment: &'a Experiment,
    /// Its epochs.
    pub records: &'a [EpochRecord],
    /// Its classes, `[O]`.
    pub labels: &'a [ClassLabel],
    /// What its final weights make of held-out images, where there are any.
    pub judged: Option<Judged<'a>>,
    /// The weights of its first layer.
    pub first_layer: Option<FirstLayer<'a>>,
    /// Other runs to compare it with.
    pub others: &'a [ComparedRun],
}

/// What a model makes of the images of a split.
pub struct Judged<'a> {
    /// `test` or `validation`.
    pub split: &'a str,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Loss, accuracy, confusion counts.
    pub evaluation: &'a Evaluation,
    /// Whether it is right as often as it is sure.
    pub calibration: &'a Calibration,
    /// What is left where less confident answers are kept back.
    pub answers: &'a [Answers],
    /// The most confident mistakes, each with its image `[H, W]`.
    pub mistakes: &'a [(&'a [u8], Mistake)],
    /// The images of each class `[O]` that are least held to be of it, with their pixels `[H, W]`.
    pub hardest: &'a [Vec<(&'a [u8], Hard)>],
}

/// The page, as the bytes of an HTML file. Equal reports are equal files.
///
/// # Errors
/// [`ReportError::Shape`] where images or weights do not have the size they should, or a class has no label.
pub fn report_page(report: &Report<'_>) -> Result<String, ReportError> {
    let mut sections = vec![facts::settings(report), charts::curves(report)];
    if let Some(judged) = &report.judged {
        sections.extend(judged::sections(judged, report.labels)?);
    }
    sections.extend(layers::section(report.records));
    sections.extend(report.first_layer.as_ref().map(weights::section).transpose()?);
    if !report.others.is_empty() {
        sections.push(comparison::section(report));
    }
    sections.extend(overview::experiment(report));
    let mut page = page_start(&overview::title(report));
    page += &symbols(report.labels);
    page += &overview::head(report, &sections);
    for section in &sections {
        page += &section.html();
    }
    page += &overview::foot(report);
    Ok(page)
}
