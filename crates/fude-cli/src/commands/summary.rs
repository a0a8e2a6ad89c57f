//! `fude summary`.

use crate::ui::{Ui, print_out};
use anyhow::Result;
use fude_record::{Experiment, Override};
use std::path::PathBuf;

/// Shows an experiment's layers with shapes and parameter counts.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude summary experiments/e3-deep-l2.toml --set model.hidden=[512]")]
pub(crate) struct SummaryArgs {
    /// The experiment file.
    experiment: PathBuf,
    /// Put a value over the file's: model.dropout=0.1.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
}

pub(crate) fn run(args: &SummaryArgs, _ui: Ui) -> Result<()> {
    let experiment = Experiment::load(&args.experiment, &args.set)?;
    print_out(&fude_model::summary_table(&experiment.model));
    Ok(())
}
