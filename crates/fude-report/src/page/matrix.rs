//! The confusion matrix as a table: counts that can be read, selected and printed, and the same colours as its picture.

use super::element::{embedded, label, short_label};
use crate::count::grouped;
use crate::{ClassLabel, ReportError, confusion_matrix};
use fude_record::Evaluation;
use std::fmt::Write;

/// Up to so many classes there is a table; beyond it a picture, which a browser shows sooner.
const MOST_IN_TABLE: usize = 49;
/// From so many classes on cells are small.
const SMALL_FROM: usize = 16;
/// The share of a row from which a cell's colour is too deep for dark text: 0.62 of full colour, by the square root.
const FULL_FROM: f64 = 0.38;

pub(super) fn body(evaluation: &Evaluation, labels: &[ClassLabel]) -> Result<String, ReportError> {
    let confusion = &evaluation.confusion;
    let right = confusion.iter().enumerate().map(|(class, row)| u64::from(row[class])).sum::<u64>();
    let mut out = format!(
        "<p class=\"note\">{} of {} images are right. A row is a true class, a column what was predicted; a cell's colour is \
         its share of the row, blue where it is right, orange where it is wrong.</p>",
        grouped(right),
        grouped(evaluation.samples as u64)
    );
    if confusion.len() > MOST_IN_TABLE {
        let png = confusion_matrix(confusion, labels, "Confusion matrix")?.to_png()?;
        out += &embedded(&png, "style=\"max-width:100%\"", "The confusion matrix");
        return Ok(out);
    }
    let small = if confusion.len() >= SMALL_FROM { "small " } else { "" };
    let _ = write!(out, "<div class=\"scroll\"><table class=\"{small}matrix\"><thead><tr><td></td>");
    for class in 0..confusion.len() {
        let short = short_label(labels, class);
        let kind = if short.starts_with('<') { "" } else { " class=\"word\"" };
        let _ = write!(out, "<th{kind} scope=\"col\">{short}</th>");
    }
    out += "</tr></thead><tbody>";
    for (class, counts) in confusion.iter().enumerate() {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", label(labels, class));
        out += &row(class, counts);
        out += "</tr>";
    }
    out += "</tbody></table></div><p class=\"axis\">Rows: true class. Columns: predicted class.</p>";
    Ok(out)
}

fn row(class: usize, counts: &[u32]) -> String {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let mut out = String::new();
    for (column, &count) in counts.iter().enumerate() {
        let share = f64::from(count) / total.max(1) as f64;
        let kind = if column == class { "right" } else { "wrong" };
        let class = match share {
            0.0 => " class=\"zero\"",
            deep if deep >= FULL_FROM => " class=\"full\"",
            _ => "",
        };
        // The square root lets shares of a few percent be seen.
        let depth = if count > 0 {
            format!(" style=\"background:rgba(var(--{kind}),{:.3})\"", share.sqrt())
        } else {
            String::new()
        };
        let _ = write!(out, "<td{class}{depth}>{count}</td>");
    }
    out
}
