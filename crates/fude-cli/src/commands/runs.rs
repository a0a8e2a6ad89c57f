//! `fude runs`.

mod remove;

use crate::run_lookup::{RUNS, unknown};
use crate::table::{duration, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::Result;
use fude_record::{RunFolder, list_runs};
use serde_json::json;
use std::path::PathBuf;

/// Lists or removes runs.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude runs
  fude runs e1-l2
  fude runs --remove runs/e1-l2/20260101T120000Z-s0     that run and no other
  fude runs --remove e1-l2                              the newest run of e1-l2, after a question")]
pub(crate) struct RunsArgs {
    /// Only the runs of this experiment.
    experiment: Option<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// Remove these runs, each with everything in its folder: a path, or an experiment's name for its newest run.
    #[arg(long, value_name = "RUN", num_args = 1.., conflicts_with = "experiment")]
    remove: Vec<String>,
    /// Do not ask before the run that a name stands for is removed.
    #[arg(short, long, requires = "remove")]
    yes: bool,
    /// One line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &RunsArgs, ui: Ui) -> Result<()> {
    if args.remove.is_empty() { list(args) } else { remove::remove(args, ui) }
}

fn list(args: &RunsArgs) -> Result<()> {
    let runs = list_runs(&args.out, args.experiment.as_deref())?;
    if let (Some(name), []) = (&args.experiment, runs.as_slice()) {
        return Err(unknown(name, &args.out)?);
    }
    if args.json {
        let rows: Vec<_> = runs
            .iter()
            .map(|run| json!({ "path": run.path(), "finished": run.is_finished(), "summary": run.summary().ok() }))
            .collect();
        return print_json(&rows);
    }
    if runs.is_empty() {
        print_out(&format!("no runs under {}", args.out.display()));
        return Ok(());
    }
    let header = ["run", "state", "data", "epochs", "test accuracy", "time"];
    print_out(&table(&header, runs.iter().map(row).collect()));
    Ok(())
}

fn row(run: &RunFolder) -> Vec<String> {
    let path = run.path().display().to_string();
    let rest = match (run.is_finished(), run.summary()) {
        (true, Ok(s)) => {
            let state = if s.stopped_early { "stopped early" } else { "finished" };
            let accuracy = percent(s.test_accuracy);
            [state.into(), s.dataset, s.epochs.to_string(), accuracy, duration(s.seconds)]
        }
        (true, Err(_)) => ["other version".into(), "-".into(), "-".into(), "-".into(), "-".into()],
        (false, _) => {
            let epochs = run.metrics().map_or("-".into(), |records| records.len().to_string());
            ["unfinished".into(), "-".into(), epochs, "-".into(), "-".into()]
        }
    };
    std::iter::once(path).chain(rest).collect()
}
