//! `fude compare`.

mod groups;
mod sources;

use crate::run_lookup::RUNS;
use crate::table::{loss, percent, table_cut_short, table_without};
use crate::ui::{Ui, print_json, print_out};
use anyhow::Result;
use fude_record::Summary;
use groups::{Group, group, groups_json, groups_table, verdicts};
use serde_json::{Value, json};
use sources::{Compared, find_all};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Compares finished runs: accuracies, epochs, losses, how the experiments differ, and whether that is more than noise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude compare e1-l2 e3-deep-l2                        all seeds or folds of the newest runs of two experiments
  fude compare runs/e1-l2/* e2-early-stopping          these runs, and those of another experiment
  fude compare e1-l2 experiments/results/mine.jsonl    recorded lines, also of `fude baseline --json`

Runs that differ in seed or hold-out alone are a group. Groups are compared over pairs of runs with equal seed and test
images where there are such, else by Welch's test.")]
pub(crate) struct CompareArgs {
    /// Run folders; experiment names, for their newest finished run and its repetitions; files with result lines.
    #[arg(required = true, value_name = "RUN|FILE")]
    runs: Vec<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of tables.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &CompareArgs, ui: Ui) -> Result<()> {
    let runs = each_once(find_all(&args.runs, &args.out, ui)?, ui);
    let groups = group(&runs);
    if args.json {
        let rows: Vec<_> = runs.iter().map(|run| json!({ "run": run.path, "summary": run.summary })).collect();
        let each: Vec<_> = runs.iter().map(Compared::keys).collect();
        let mut json = json!({ "runs": rows, "differences": differences(&each) });
        if let (Some(all), Value::Object(more)) = (json.as_object_mut(), groups_json(&groups)) {
            all.extend(more);
        }
        return print_json(&json);
    }
    print_out(&results_table(runs.iter().map(|run| &run.summary)));
    warn_of_unlike_data(&runs, ui);
    let repeated = groups.len() < runs.len();
    if let (true, Some(table)) = (repeated, groups_table(&groups)) {
        print_out(&format!("\n{table}"));
    }
    print_differences(&runs, &groups);
    verdicts(&groups).iter().for_each(|verdict| print_out(&format!("\n{verdict}")));
    if groups.len() > 2 {
        ui.note("groups are compared with A alone; name another first to compare with it");
    }
    Ok(())
}

/// Every result once: a run that is named twice, or trained again with the same seed, is no second measurement.
fn each_once(runs: Vec<Compared>, ui: Ui) -> Vec<Compared> {
    let result = |run: &Compared| {
        let (seconds, epoch_seconds_median, samples_per_second) = (0.0, 0.0, 0.0);
        Summary { seconds, epoch_seconds_median, samples_per_second, ..run.summary.clone() }
    };
    let mut kept: Vec<Compared> = Vec::new();
    for run in runs {
        match kept.iter().find(|other| result(other) == result(&run)) {
            Some(_) => ui.warning(format!("{}: a result that is here already; it counts once", run.path)),
            None => kept.push(run),
        }
    }
    kept
}

/// How the experiments differ: run by run, or group by group where runs repeat each other.
fn print_differences(runs: &[Compared], groups: &[Group<'_>]) {
    let repeated = groups.len() < runs.len();
    let (names, keys): (Vec<String>, Vec<_>) = if repeated {
        groups.iter().map(|group| (group.name.clone(), group.runs[0].keys_of_group())).unzip()
    } else {
        (1..).zip(runs).map(|(n, run)| (format!("run {n}"), run.keys())).unzip()
    };
    let differences = differences(&keys);
    if !differences.is_empty() {
        let header: Vec<&str> = std::iter::once("differs in").chain(names.iter().map(String::as_str)).collect();
        let rows = differences.into_iter().map(|(key, values)| std::iter::once(key).chain(values).collect()).collect();
        print_out(&format!("\n{}", table_cut_short(&header, rows)));
    }
}

/// The table of the study's section 7, with what it leaves out: losses, data and device.
pub(crate) fn results_table<'a>(summaries: impl Iterator<Item = &'a Summary>) -> String {
    let summaries: Vec<&Summary> = summaries.collect();
    let has_folds = summaries.iter().any(|summary| summary.fold.is_some());
    let mut header = vec![
        "experiment",
        "seed",
        "data",
        "train accuracy",
        "val accuracy",
        "test accuracy",
        "test loss",
        "epochs",
        "total loss",
    ];
    let rows = summaries.into_iter().map(|s| {
        let data = if s.dataset_fallback { format!("{} (fallback)", s.dataset) } else { s.dataset.clone() };
        let mut row = vec![
            s.experiment.clone(),
            s.seed.to_string(),
            data,
            percent(s.train_accuracy),
            percent(s.val_accuracy),
            percent(s.test_accuracy),
            loss(s.test_loss),
            if s.epochs > 0 { s.epochs.to_string() } else { "-".into() },
            loss(s.total_loss),
        ];
        if has_folds {
            row.insert(2, s.fold.map_or("-".into(), |fold| fold.to_string()));
        }
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if has_folds {
        header.insert(2, "fold");
    }
    // First what nobody has measured.
    let empty = (0..header.len()).filter(|&column| rows.iter().all(|row| row[column] == "-"));
    let empty: Vec<&str> = empty.map(|column| header[column]).collect();
    let spare: Vec<&str> =
        empty.iter().copied().chain(SPARE.into_iter().filter(|name| !empty.contains(name))).collect();
    table_without(&header, rows, &spare)
}

/// What a narrow terminal can do without, the first first.
const SPARE: [&str; 5] = ["total loss", "val accuracy", "epochs", "data", "test loss"];

/// The keys whose values are not the same in all; a result line has none, and differs in none.
fn differences(all: &[BTreeMap<String, String>]) -> BTreeMap<String, Vec<String>> {
    let known: Vec<_> = all.iter().filter(|keys| !keys.is_empty()).collect();
    let names: BTreeSet<&String> = known.iter().flat_map(|keys| keys.keys()).collect();
    let value = |keys: &BTreeMap<String, String>, key: &String| keys.get(key).cloned().unwrap_or_else(|| "-".into());
    let differs = |key: &&String| known.iter().any(|keys| value(keys, key) != value(known[0], key));
    let values = |key: &String| all.iter().map(|keys| value(keys, key)).collect();
    names.into_iter().filter(differs).map(|key| (key.clone(), values(key))).collect()
}

fn warn_of_unlike_data(runs: &[Compared], ui: Ui) {
    if runs.iter().any(|run| run.summary.measured_on() != runs[0].summary.measured_on()) {
        ui.warning("these runs were not all measured on the same data: figures of different data cannot be compared");
    }
    if runs.iter().any(|run| run.summary.dataset == "kmnist-8k") {
        ui.note("kmnist-8k is a part of KMNIST's test file: not comparable with KMNIST");
    }
}
