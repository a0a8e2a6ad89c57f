//! `fude report`.

use crate::commands::eval::{run_data, score_run};
use crate::plots::{Plots, draw};
use crate::run_lookup::{RUNS, find_finished};
use crate::ui::Ui;
use anyhow::Result;
use fude_train::latest_checkpoint;
use std::path::PathBuf;

/// Draws a run's plots again.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude report e1-l2")]
pub(crate) struct ReportArgs {
    /// The run folder, or an experiment's name for its newest run.
    run: String,
    /// The run's data are now here: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
}

pub(crate) fn run(args: &ReportArgs, ui: Ui) -> Result<()> {
    let run = find_finished(&args.run, &args.out)?;
    let summary = run.summary()?;
    let data = run_data(&run, args.data.as_deref(), ui)?;
    // Pictures of other data under this run's name would be a lie.
    if let Some((checkpoint, _)) = latest_checkpoint(&run)? {
        checkpoint.require_data(&data)?;
    }
    let split = data.test.clone().or_else(|| data.validation.clone());
    let scored = split.map(|split| score_run(&run, &data, split)).transpose()?;
    let paths = draw(&run, &Plots { summary: &summary, data: &data, scored: scored.as_ref() })?;
    for path in paths {
        ui.result(path.display());
    }
    Ok(())
}
