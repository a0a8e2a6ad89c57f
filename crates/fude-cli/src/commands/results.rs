//! `fude results`.

use crate::ui::{Ui, print_out};
use anyhow::{Context, Result};
use fude_record::Summary;
use std::path::{Path, PathBuf};

/// Prints recorded results as a Markdown table: a row an experiment, data set and engine, means over runs.
///
/// A recorded result is a line of JSON, as `fude train --json` prints it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude train experiments/e1-l2.toml --seed 1 --json >> experiments/results/mine.jsonl
  fude results experiments/results/*.jsonl")]
pub(crate) struct ResultsArgs {
    /// Files with a summary a line.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &ResultsArgs, _ui: Ui) -> Result<()> {
    let mut summaries = Vec::new();
    for path in &args.files {
        summaries.extend(read(path)?);
    }
    print_out(&markdown(&summaries));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Summary>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}, line {}: not a summary of this version", path.display(), index + 1))
        })
        .collect()
}

/// What the runs of one row have in common.
fn key(s: &Summary) -> (&str, &str, &str, usize, &str, &str) {
    (&s.dataset, &s.experiment, &s.model, s.train_samples, &s.engine, &s.device)
}

fn markdown(summaries: &[Summary]) -> String {
    let mut text = String::from(
        "| data | experiment | network | epochs | runs | train accuracy | test accuracy | engine, device | s/epoch |\n\
         |---|---|---|---:|---:|---:|---:|---|---:|",
    );
    let mut done = Vec::new();
    for summary in summaries {
        let key_of_row = key(summary);
        if !done.contains(&key_of_row) {
            done.push(key_of_row);
            let group: Vec<&Summary> = summaries.iter().filter(|other| key(other) == key_of_row).collect();
            text += &row(&group);
        }
    }
    text
}

fn row(group: &[&Summary]) -> String {
    let first = group[0];
    let of = |value: fn(&Summary) -> Option<f64>| group.iter().filter_map(|s| value(s)).collect::<Vec<f64>>();
    let selected = if first.selected_on_test { " (selected on test)" } else { "" };
    format!(
        "\n| {} | {} | {} | {} | {} | {} | {}{selected} | {}, {} | {:.2} |",
        first.dataset,
        first.experiment,
        first.model,
        range(group.iter().map(|s| s.epochs)),
        group.len(),
        mean_and_spread(&of(|s| s.train_accuracy)),
        mean_and_spread(&of(|s| s.test_accuracy)),
        first.engine,
        first.device,
        mean(&of(|s| Some(s.epoch_seconds_median))),
    )
}

fn range(values: impl Iterator<Item = u32> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(low), Some(high)) if low < high => format!("{low}-{high}"),
        (Some(only), _) => only.to_string(),
        _ => "-".into(),
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// `88.72 ± 0.21 %`: mean and standard deviation over runs.
fn mean_and_spread(values: &[f64]) -> String {
    let mean = mean(values);
    match values.len() {
        0 => "-".into(),
        1 => format!("{:.2} %", 100.0 * mean),
        n => {
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
            format!("{:.2} ± {:.2} %", 100.0 * mean, 100.0 * variance.sqrt())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_the_sample_standard_deviation() {
        assert_eq!(mean_and_spread(&[0.88, 0.90]), "89.00 ± 1.41 %");
        assert_eq!((mean_and_spread(&[0.5]), mean_and_spread(&[])), ("50.00 %".into(), "-".into()));
    }
}
