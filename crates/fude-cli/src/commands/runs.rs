//! `fude runs`.

use crate::exit::Stopped;
use crate::run_lookup::{RUNS, find_run};
use crate::table::{duration, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result};
use fude_record::{RunFolder, list_runs};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Lists or removes runs.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  fude runs\n  fude runs e1-l2\n  fude runs --remove runs/e1-l2/20260101T120000Z-s0"
)]
pub(crate) struct RunsArgs {
    /// Only the runs of this experiment.
    experiment: Option<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// Remove these runs, each with everything in its folder.
    #[arg(long, value_name = "RUN", num_args = 1.., conflicts_with = "experiment")]
    remove: Vec<String>,
    /// One line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &RunsArgs, ui: Ui) -> Result<()> {
    if args.remove.is_empty() { list(args) } else { remove(args, ui) }
}

fn list(args: &RunsArgs) -> Result<()> {
    let runs = list_runs(&args.out, args.experiment.as_deref())?;
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

fn remove(args: &RunsArgs, ui: Ui) -> Result<()> {
    // All are found before any is removed: a typing error removes nothing.
    let runs = args.remove.iter().map(|text| removable(text, args)).collect::<Result<Vec<_>>>()?;
    for run in runs {
        let _lock = run.lock()?;
        std::fs::remove_dir_all(run.path()).with_context(|| format!("cannot remove {}", run.path().display()))?;
        ui.note(format!("removed {}", run.path().display()));
    }
    Ok(())
}

/// A run under `--out`: an `experiment.toml` alone does not make a folder elsewhere one that may be deleted.
fn removable(text: &str, args: &RunsArgs) -> Result<RunFolder> {
    let run = find_run(text, &args.out)?;
    let real = |path: &Path| path.canonicalize().with_context(|| format!("cannot find {}", path.display()));
    let (path, root) = (real(run.path())?, real(&args.out)?);
    if path.parent().and_then(Path::parent) == Some(root.as_path()) {
        return Ok(run);
    }
    let why =
        format!("{} is no run under {}: give --out with the folder that holds it", path.display(), root.display());
    Err(Stopped::Usage(why).into())
}
