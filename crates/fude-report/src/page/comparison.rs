//! The run beside others.

use super::Report;
use super::element::{Section, duration, loss, percent, table};
use super::overview::data;
use crate::panels::{RUN_COLORS, compared_curves};
use crate::svg::{escape, paint, svg};
use fude_record::{EpochRecord, Experiment, Summary};
use std::fmt::Write;

/// Another run.
#[derive(Clone, Debug)]
pub struct ComparedRun {
    /// What it was asked to do.
    pub experiment: Experiment,
    /// What it reached.
    pub summary: Summary,
    /// Its epochs.
    pub records: Vec<EpochRecord>,
}

pub(super) fn section(report: &Report<'_>) -> Section {
    let summaries: Vec<&Summary> =
        std::iter::once(report.summary).chain(report.others.iter().map(|other| &other.summary)).collect();
    let mut out = String::new();
    if measured_unlike(&summaries) {
        out += "<p class=\"warn\">These runs were not measured on the same data: their figures cannot be compared.</p>";
    }
    let rows: Vec<Vec<String>> = summaries.iter().enumerate().map(|(index, summary)| row(index, summary)).collect();
    let header = ["run", "seed", "data", "network", "train", "validation", "test", "test loss", "epochs", "s/epoch"];
    out += &table(&header, &rows);
    out += &overlaid(report, &summaries);
    out += &differences(report);
    Section::new("comparison", "Comparison with other runs", out)
}

/// Whether some were measured on other images: another set, another count, or, where both tell, other test images.
fn measured_unlike(summaries: &[&Summary]) -> bool {
    let mut told = summaries.iter().filter_map(|summary| summary.test_fingerprint.as_ref());
    let first = told.next();
    summaries.iter().any(|summary| summary.measured_on() != summaries[0].measured_on())
        || told.any(|images| Some(images) != first)
}

fn row(index: usize, summary: &Summary) -> Vec<String> {
    let this = if index == 0 { " (this run)" } else { "" };
    vec![
        format!("{} {}{this}", index + 1, escape(&summary.experiment)),
        summary.seed.to_string(),
        escape(&data(summary)),
        escape(&summary.model),
        percent(summary.train_accuracy),
        percent(summary.val_accuracy),
        percent(summary.test_accuracy),
        loss(summary.test_loss),
        summary.epochs.to_string(),
        duration(summary.epoch_seconds_median),
    ]
}

/// The accuracy of each run against epoch, on the split that all of them have measured.
fn overlaid(report: &Report<'_>, summaries: &[&Summary]) -> String {
    let runs: Vec<&[EpochRecord]> = std::iter::once(report.records)
        .chain(report.others.iter().map(|other| other.records.as_slice()))
        .take(RUN_COLORS.len())
        .collect();
    let Some((picture, split)) = compared_curves(&runs) else { return String::new() };
    let mut out = format!("<h3>{} accuracy against epoch</h3><ul class=\"legend\">", super::overview::capital(split));
    for (index, (summary, color)) in summaries.iter().zip(RUN_COLORS).enumerate() {
        let name = format!("{} {}, seed {}", index + 1, summary.experiment, summary.seed);
        let _ = write!(out, "<li><i style=\"border-color:{}\"></i>{}</li>", paint(color), escape(&name));
    }
    let plot = svg(&picture, "Accuracy of the runs against epoch");
    let rest = summaries.len().saturating_sub(RUN_COLORS.len());
    let more = if rest > 0 { format!("<p class=\"note\">The last {rest} are not drawn.</p>") } else { String::new() };
    out + &format!("</ul><div style=\"max-width:32rem\">{plot}</div>{more}")
}

/// The keys in which the experiments differ.
fn differences(report: &Report<'_>) -> String {
    let all: Vec<_> = std::iter::once(report.experiment.told_keys())
        .chain(report.others.iter().map(|other| other.experiment.told_keys()))
        .collect();
    let names: std::collections::BTreeSet<&String> = all.iter().flat_map(|keys| keys.keys()).collect();
    let values =
        |key: &String| -> Vec<&str> { all.iter().map(|keys| keys.get(key).map_or("–", String::as_str)).collect() };
    let rows: Vec<Vec<String>> = names
        .iter()
        .map(|key| (key, values(key)))
        .filter(|(_, values)| values.iter().any(|value| *value != values[0]))
        .map(|(key, values)| std::iter::once(escape(key)).chain(values.into_iter().map(escape)).collect())
        .collect();
    if rows.is_empty() {
        return "<p class=\"note\">Their experiments are the same.</p>".into();
    }
    let numbers: Vec<String> = (1..=all.len()).map(|run| format!("run {run}")).collect();
    let header: Vec<&str> = std::iter::once("key").chain(numbers.iter().map(String::as_str)).collect();
    // Paths among the values are long.
    let table = table(&header, &rows).replace("class=\"rows\"", "class=\"loose rows\"");
    format!("<h3>How the experiments differ</h3>{table}")
}
