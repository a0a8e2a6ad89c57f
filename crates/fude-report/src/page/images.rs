//! Images that went wrong.

use super::Judged;
use super::element::{embedded, label};
use crate::{ClassLabel, MOST_MISTAKES, ReportError, grey_png};
use std::fmt::Write;

/// The most confident mistakes as a grid.
pub(super) fn mistakes(judged: &Judged<'_>, labels: &[ClassLabel]) -> Result<String, ReportError> {
    if judged.mistakes.is_empty() {
        return Ok("<p class=\"note\">There are none.</p>".into());
    }
    let mut out = String::from(
        "<p class=\"note\">Those that the model was surest of: <span class=\"true\">true class</span>, <span \
         class=\"predicted\">what it said</span>, and how sure it was.</p><div class=\"grid\">",
    );
    for (pixels, mistake) in judged.mistakes.iter().take(MOST_MISTAKES) {
        let (class, predicted) = (usize::from(mistake.label), usize::from(mistake.predicted));
        require_label(labels, class.max(predicted), mistake.index)?;
        let _ = write!(
            out,
            "<figure>{}<figcaption><span class=\"true\">{}</span> &rarr; <span class=\"predicted\">{}</span><br>{:.1} \
             %</figcaption></figure>",
            shot(judged, pixels, mistake.index)?,
            label(labels, class),
            label(labels, predicted),
            100.0 * mistake.probability
        );
    }
    Ok(out + "</div>")
}

/// For each class the images that are least held to be of it.
pub(super) fn hardest(judged: &Judged<'_>, labels: &[ClassLabel]) -> Result<String, ReportError> {
    let mut out = String::from(
        "<p class=\"note\">For each class the images to which the model gives the least probability of being of it, with that \
         probability and, where it is wrong, <span class=\"predicted\">what it said</span>. Those of a class that a good model \
         holds to be something else are the first to look at for wrong labels.</p><div class=\"hard\">",
    );
    for (class, images) in judged.hardest.iter().enumerate().filter(|(_, images)| !images.is_empty()) {
        let _ = write!(out, "<div>{}</div><ul>", label(labels, class));
        for (pixels, hard) in images {
            let predicted = usize::from(hard.predicted);
            require_label(labels, predicted, hard.index)?;
            let said = if predicted == class {
                String::new()
            } else {
                format!("<br><span class=\"predicted\">{}</span>", label(labels, predicted))
            };
            let probability = probability(hard.probability);
            let _ = write!(out, "<li>{}{probability}{said}</li>", shot(judged, pixels, hard.index)?);
        }
        out += "</ul>";
    }
    Ok(out + "</div>")
}

fn shot(judged: &Judged<'_>, pixels: &[u8], index: usize) -> Result<String, ReportError> {
    let png = grey_png(pixels, judged.height, judged.width)?;
    let size = format!("class=\"shot\" width=\"{}\" height=\"{}\"", judged.width, judged.height);
    Ok(embedded(&png, &size, &format!("Image {index} of the {} split", judged.split)))
}

/// Small ones need more digits: 0.02 % is not 0.
fn probability(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p >= 1.0 => format!("{p:.0} %"),
        p if p >= 0.01 => format!("{p:.2} %"),
        p if p.is_finite() => "&lt; 0.01 %".into(),
        _ => "–".into(),
    }
}

fn require_label(labels: &[ClassLabel], class: usize, image: usize) -> Result<(), ReportError> {
    if class < labels.len() {
        return Ok(());
    }
    Err(ReportError::shape(format!("labels for image {image}"), format!("over {class}"), labels.len()))
}
