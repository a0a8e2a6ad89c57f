//! `fude compare`.

use crate::run_lookup::{RUNS, find_finished};
use crate::table::{loss, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::Result;
use fude_record::{RunFolder, Summary};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Compares finished runs: accuracies, epochs, losses, and how the experiments differ.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude compare runs/e1-l2/* e2-early-stopping e3-deep-l2")]
pub(crate) struct CompareArgs {
    /// Run folders, or experiment names for their newest run.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of tables.
    #[arg(long)]
    json: bool,
}

struct Compared {
    path: String,
    summary: Summary,
    keys: BTreeMap<String, String>,
}

pub(crate) fn run(args: &CompareArgs, ui: Ui) -> Result<()> {
    let runs =
        args.runs.iter().map(|text| Compared::read(&find_finished(text, &args.out)?)).collect::<Result<Vec<_>>>()?;
    let differences = differences(&runs);
    if args.json {
        let rows: Vec<_> = runs.iter().map(|run| json!({ "run": run.path, "summary": run.summary })).collect();
        return print_json(&json!({ "runs": rows, "differences": differences }));
    }
    print_out(&results_table(runs.iter().map(|run| &run.summary)));
    warn_of_unlike_data(&runs, ui);
    if !differences.is_empty() {
        let numbers: Vec<String> = (1..=runs.len()).map(|n| format!("run {n}")).collect();
        let header: Vec<&str> = std::iter::once("differs in").chain(numbers.iter().map(String::as_str)).collect();
        let rows = differences.into_iter().map(|(key, values)| std::iter::once(key).chain(values).collect()).collect();
        print_out(&format!("\n{}", table(&header, rows)));
    }
    Ok(())
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
            s.epochs.to_string(),
            loss(s.total_loss),
        ];
        if has_folds {
            row.insert(2, s.fold.map_or("-".into(), |fold| fold.to_string()));
        }
        row
    });
    let rows = rows.collect();
    if has_folds {
        header.insert(2, "fold");
    }
    table(&header, rows)
}

impl Compared {
    fn read(run: &RunFolder) -> Result<Self> {
        let path = run.path().display().to_string();
        let mut keys = run.experiment()?.keys();
        keys.remove("name");
        Ok(Self { keys, summary: run.summary()?, path })
    }
}

/// The keys whose values are not the same in all runs.
fn differences(runs: &[Compared]) -> BTreeMap<String, Vec<String>> {
    let all: std::collections::BTreeSet<&String> = runs.iter().flat_map(|run| run.keys.keys()).collect();
    all.into_iter()
        .filter_map(|key| {
            let values: Vec<String> =
                runs.iter().map(|run| run.keys.get(key).cloned().unwrap_or_else(|| "-".into())).collect();
            values.iter().any(|value| value != &values[0]).then(|| (key.clone(), values))
        })
        .collect()
}

fn warn_of_unlike_data(runs: &[Compared], ui: Ui) {
    let key = |run: &Compared| (run.summary.dataset.clone(), run.summary.test_samples);
    if runs.iter().any(|run| key(run) != key(&runs[0])) {
        ui.warning("these runs were not measured on the same data: their figures cannot be compared");
    }
    if runs.iter().any(|run| run.summary.dataset == "kmnist-8k") {
        ui.note("kmnist-8k is a part of KMNIST's test file: not comparable with KMNIST");
    }
}
