//! What the model makes of held-out images.

use super::Judged;
use super::element::{Section, loss, percent, table};
use super::{charts, classes, images, matrix};
use crate::{ClassLabel, ReportError};
use fude_record::Calibration;

/// Confusion matrix, classes, calibration, mistakes, hardest images.
pub(super) fn sections(judged: &Judged<'_>, labels: &[ClassLabel]) -> Result<Vec<Section>, ReportError> {
    let of = |what: &str| format!("{what}, {} split", judged.split);
    Ok(vec![
        Section::new("confusion", of("Confusion matrix"), matrix::body(judged.evaluation, labels)?),
        Section::new("classes", of("Classes"), classes::body(judged.evaluation, labels)),
        Section::new("calibration", of("Confidence"), calibration(judged)),
        Section::new("mistakes", of("Worst mistakes"), images::mistakes(judged, labels)?),
        Section::new("hardest", of("Hardest images of each class"), images::hardest(judged, labels)?),
    ])
}

fn calibration(judged: &Judged<'_>) -> String {
    let surplus = judged.calibration.overconfidence();
    let words = if surplus > 0.0 { "too sure" } else { "not sure enough" };
    let rows: Vec<Vec<String>> = judged
        .answers
        .iter()
        .map(|answers| {
            let least = if answers.least > 0.0 { format!("{} % or more", 100.0 * answers.least) } else { "any".into() };
            vec![least, percent(Some(answers.answered)), percent(answers.accuracy)]
        })
        .collect();
    format!(
        "<p class=\"note\">Expected calibration error {} over 15 bins: on average the model is {:.2} points {words}. A bar shows \
         how often it is right (accuracy) where it is that sure (confidence); it should end at the orange mark, the mean \
         confidence of its bin.{}</p><div class=\"pair\">{}<div><h3>If it answers only when it is sure enough</h3>{}</div></div>",
        percent(Some(judged.calibration.error)),
        100.0 * surplus.abs(),
        scaled(judged.calibration),
        charts::reliability(judged.calibration),
        table(&["confidence", "answered", "accuracy of answers"], &rows)
    )
}

/// What dividing the logits by a fitted temperature makes of it.
fn scaled(calibration: &Calibration) -> String {
    let (Some(temperature), Some(error)) = (calibration.temperature, calibration.scaled_error) else {
        return String::new();
    };
    format!(
        " Its logits divided by a temperature of {temperature:.2}, which was fitted on the validation split, would leave an \
         error of {} and a loss of {}.",
        percent(Some(error)),
        loss(calibration.scaled_loss)
    )
}
