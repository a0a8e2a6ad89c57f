//! `fude results`.

use crate::spread::{accuracy_interval, mean_and_spread, plain_mean_and_spread};
use crate::table::count;
use crate::ui::{Ui, print_out};
use crate::weighed;
use anyhow::{Context, Result, bail, ensure};
use fude_bench::Weighed;
use fude_record::{Repeated, Summary, group_spread};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Prints recorded results as a Markdown table: a row an experiment, data set and engine, means over runs.
///
/// A recorded result is a line of JSON, as `fude train --json` prints it, also with --seeds and --folds. Of what `fude weigh
/// --json` prints, it is a row a model.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude train experiments/e1-l2.toml --seed 1 --json >> experiments/results/mine.jsonl
  fude results experiments/results/fashion.jsonl experiments/results/kmnist-8k-splits.jsonl
  fude results experiments/results/compress.jsonl --brief")]
pub(crate) struct ResultsArgs {
    /// Files with a summary a line.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Of weighed models, accuracy and bytes alone.
    #[arg(long)]
    brief: bool,
    /// Losses and numbers of images in place of intervals, engine and time.
    #[arg(long)]
    losses: bool,
}

pub(crate) fn run(args: &ResultsArgs, _ui: Ui) -> Result<()> {
    let (mut summaries, mut weighed) = (Vec::new(), Vec::new());
    for path in &args.files {
        for line in lines(path)? {
            match line {
                Line::Runs(runs) => summaries.extend(runs),
                Line::Weighed(model) => weighed.push(*model),
            }
        }
    }
    ensure!(!summaries.is_empty() || !weighed.is_empty(), "there is no result in {}", names(&args.files));
    // They are measured in different ways: a table each.
    let of_runs = if args.losses { (LOSSES, losses_row as RowOf) } else { (TABLE, row as RowOf) };
    let of_runs = (!summaries.is_empty()).then(|| markdown(&summaries, of_runs.0, of_runs.1));
    let of_weighed = (!weighed.is_empty()).then(|| weighed::markdown(&weighed, args.brief));
    print_out(&of_runs.into_iter().chain(of_weighed).collect::<Vec<_>>().join("\n\n"));
    Ok(())
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What a file of results has on a line.
enum Line {
    /// One run, or those of a series.
    Runs(Vec<Summary>),
    /// A model, as `fude weigh --json` prints it.
    Weighed(Box<Weighed>),
}

/// The lines of a file, none of which may be anything else.
fn lines(path: &Path) -> Result<Vec<Line>> {
    ensure!(
        !path.is_dir(),
        "{}: expected a file with a result a line, found a folder; `fude compare` takes runs",
        path.display()
    );
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // A run's own summary.json is one result on many lines.
    if let Ok(runs) = parse(&text) {
        return Ok(vec![Line::Runs(runs)]);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.map(|(index, line)| match serde_json::from_str(line) {
        Ok(weighed) => Ok(Line::Weighed(weighed)),
        Err(_) => {
            let place = || format!("{}, line {}: not a summary of this version", path.display(), index + 1);
            parse(line).map(Line::Runs).with_context(place)
        }
    });
    parsed.collect()
}

/// A line: one run, or a series of runs.
#[derive(Deserialize)]
struct Series {
    runs: Vec<Summary>,
}

fn parse(line: &str) -> serde_json::Result<Vec<Summary>> {
    match serde_json::from_str::<Series>(line) {
        Ok(series) => Ok(series.runs),
        Err(_) => serde_json::from_str(line).map(|summary| vec![summary]),
    }
}

/// The summaries in a file of result lines.
///
/// # Errors
/// Lines of weighed models too: they have no runs to compare.
pub(crate) fn read(path: &Path) -> Result<Vec<Summary>> {
    let mut summaries = Vec::new();
    for line in lines(path)? {
        match line {
            Line::Runs(runs) => summaries.extend(runs),
            Line::Weighed(model) => bail!(
                "{} holds models that were weighed ({}), and not runs; `fude results` makes a table of them",
                path.display(),
                model.name
            ),
        }
    }
    ensure!(!summaries.is_empty(), "{}: there is no result in it", path.display());
    Ok(summaries)
}

type RowOf = fn(&[&Summary]) -> String;

/// What the runs of one row have in common.
fn key(s: &Summary) -> (Repeated<'_>, &str) {
    (s.repeated(), &s.device)
}

const TABLE: &str = "\
| data | experiment | network | epochs | runs | train accuracy | test accuracy | 95 % interval | engine, device | s/epoch |
|---|---|---|---:|---:|---:|---:|---:|---|---:|";

const LOSSES: &str = "\
| data | experiment | trained on | tested on | epochs | runs | train accuracy | train loss | test accuracy | test loss | total loss |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

fn markdown(summaries: &[Summary], head: &str, row: RowOf) -> String {
    let mut text = head.to_owned();
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
    let of = |value| of_all(group, value);
    let how = how_tested(group);
    format!(
        "\n| {} | {} | {} | {} | {}{} | {} | {}{how} | {} | {}, {} | {} |",
        first.dataset,
        first.experiment,
        first.model,
        range(group.iter().map(|s| s.epochs).filter(|&epochs| epochs > 0)),
        group.len(),
        if first.folds.is_some() { " folds" } else { "" },
        mean_and_spread(&of(|s| s.train_accuracy)),
        mean_and_spread(&of(|s| s.test_accuracy)),
        accuracy_interval(group_spread(group, |s| s.test_accuracy).as_ref(), "-"),
        first.engine,
        first.device,
        epoch_seconds(&of(|s| (s.epochs > 0).then_some(s.epoch_seconds_median))),
    )
}

/// What is to be known of a test figure.
fn how_tested(group: &[&Summary]) -> String {
    let summary = group.iter().find(|summary| summary.selected_on_test).unwrap_or(&group[0]);
    match (summary.selected_on_test, summary.looks) {
        (true, _) => " (selected on test)".into(),
        // The image as it is counts, too.
        (false, Some(looks)) => format!(" ({} looks)", looks + 1),
        (false, None) => String::new(),
    }
}

fn losses_row(group: &[&Summary]) -> String {
    let first = group[0];
    let of = |value| of_all(group, value);
    format!(
        "\n| {} | {} | {} | {} | {} | {}{} | {} | {} | {}{} | {} | {} |",
        first.dataset,
        first.experiment,
        count(first.train_samples),
        count(first.test_samples),
        range(group.iter().map(|s| s.epochs).filter(|&epochs| epochs > 0)),
        group.len(),
        if first.folds.is_some() { " folds" } else { "" },
        mean_and_spread(&of(|s| s.train_accuracy)),
        plain_mean_and_spread(&of(|s| s.train_loss), 4),
        mean_and_spread(&of(|s| s.test_accuracy)),
        how_tested(group),
        plain_mean_and_spread(&of(|s| s.test_loss), 4),
        plain_mean_and_spread(&of(|s| s.total_loss), 1),
    )
}

fn range(values: impl Iterator<Item = u32> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(low), Some(high)) if low < high => format!("{low}-{high}"),
        (Some(only), _) => only.to_string(),
        _ => "-".into(),
    }
}

/// Median seconds an epoch, which a run beside other work does not move; nothing for what has no epochs.
fn epoch_seconds(values: &[f64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).map_or("-".into(), |median| format!("{median:.2}"))
}

/// A figure of each run; nothing where one has none, for then its mean would be of fewer runs than the row says.
fn of_all(group: &[&Summary], value: fn(&Summary) -> Option<f64>) -> Vec<f64> {
    group.iter().map(|summary| value(summary)).collect::<Option<_>>().unwrap_or_default()
}
