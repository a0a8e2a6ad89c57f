//! Figures of each class, and the classes that are taken for each other.

use super::element::{label, percent, table};
use crate::ClassLabel;
use fude_record::Evaluation;

/// The most pairs named.
const MOST_PAIRS: usize = 12;

pub(super) fn body(evaluation: &Evaluation, labels: &[ClassLabel]) -> String {
    let names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    let rows: Vec<Vec<String>> = evaluation
        .per_class(&names)
        .iter()
        .enumerate()
        .map(|(class, of)| {
            let figures = [of.precision, of.recall, of.f1].map(percent);
            std::iter::once(label(labels, class)).chain(figures).chain([of.support.to_string()]).collect()
        })
        .collect();
    let mut out = table(&["class", "precision", "recall", "F1", "images"], &rows);
    out += "<p class=\"note\">Precision: of what is taken for the class, the share that is. Recall: of what is the class, the \
            share that is recognised. F1: their harmonic mean.</p>";
    out + &pairs(evaluation, labels)
}

/// The most frequent confusions, each with its share of the true class.
fn pairs(evaluation: &Evaluation, labels: &[ClassLabel]) -> String {
    let mut found: Vec<(u32, usize, usize, f64)> = Vec::new();
    for (class, counts) in evaluation.confusion.iter().enumerate() {
        let total = counts.iter().map(|&count| u64::from(count)).sum::<u64>().max(1) as f64;
        let wrong = counts.iter().enumerate().filter(|&(predicted, &count)| predicted != class && count > 0);
        found.extend(wrong.map(|(predicted, &count)| (count, class, predicted, f64::from(count) / total)));
    }
    // Equal counts by class, so that the page is the same every time.
    found.sort_by_key(|&(count, class, predicted, _)| (std::cmp::Reverse(count), class, predicted));
    let Some(&(most, ..)) = found.first() else {
        return "<h3>Most confused pairs</h3><p class=\"note\">No image is taken for another class.</p>".into();
    };
    let rows: Vec<Vec<String>> = found
        .iter()
        .take(MOST_PAIRS)
        .map(|&(count, class, predicted, share)| {
            let pair = format!("{} &rarr; {}", label(labels, class), label(labels, predicted));
            let width = 100.0 * f64::from(count) / f64::from(most);
            let bar = format!("<span class=\"bar\" style=\"width:{width:.1}%\"></span>");
            vec![pair, count.to_string(), percent(Some(share)), bar]
        })
        .collect();
    let rows = table(&["true → predicted", "images", "of its class", ""], &rows);
    format!(
        "<h3>Most confused pairs</h3>{}",
        rows.replace("<td><span class=\"bar\"", "<td class=\"measure\"><span class=\"bar\"")
    )
}
