//! `fude report`.

use crate::commands::eval::score_run;
use crate::model_data::run_data;
use crate::page::compared;
use crate::plots::{Plots, draw};
use crate::run_lookup::{RUNS, find_finished};
use crate::ui::Ui;
use anyhow::Result;
use fude_train::latest_checkpoint;
use std::path::PathBuf;

/// Draws a run's plots and its page, report.html, again; the page can compare it with other runs.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  fude report e1-l2\n  fude report e3-deep-l2 --compare e1-l2 e2-early-stopping")]
pub(crate) struct ReportArgs {
    /// The run folder, or an experiment's name for its newest finished run.
    run: String,
    /// Compare it with these finished runs on the page.
    #[arg(long, value_name = "OTHER", num_args = 1..)]
    compare: Vec<String>,
    /// The run's data are now here: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
}

pub(crate) fn run(args: &ReportArgs, ui: Ui) -> Result<()> {
    let run = find_finished(&args.run, &args.out, ui)?;
    let others =
        args.compare.iter().map(|text| compared(&find_finished(text, &args.out, ui)?)).collect::<Result<Vec<_>>>()?;
    let summary = run.summary()?;
    let data = run_data(&run, args.data.as_deref(), ui)?;
    // Pictures of other data under this run's name would be a lie.
    if let Some((checkpoint, _)) = latest_checkpoint(&run)? {
        checkpoint.require_data(&data)?;
    }
    let split = data.test.clone().or_else(|| data.validation.clone());
    let scored = split.map(|split| score_run(&run, &data, split)).transpose()?;
    let paths = draw(&run, &Plots { summary: &summary, data: &data, scored: scored.as_ref(), others: &others })?;
    for path in paths {
        ui.result(path.display());
    }
    Ok(())
}
