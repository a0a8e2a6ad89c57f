//! `fude data`: fetch, measure, look at and check data sets.

mod fetch;
mod fetch_progress;
mod show;
mod show_augment;
mod stats;
mod verify;

use crate::ui::Ui;
use clap::{Args, Subcommand};

/// What to do with a data set.
#[derive(Args, Debug)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Subcommand, Debug)]
enum DataCommand {
    /// Download a published set, check it, and keep it in the cache folder
    Fetch(fetch::FetchArgs),
    /// Count images a class, pixel mean and spread, and duplicates
    Stats(stats::StatsArgs),
    /// Draw sample images as a PNG file, a row a class
    Show(show::ShowArgs),
    /// Check whether files are sound, and the published ones
    Verify(verify::VerifyArgs),
}

/// Does it.
///
/// # Errors
/// Those of the sub-command, with the file or folder in question.
pub(crate) fn run(args: &DataArgs, ui: Ui) -> anyhow::Result<()> {
    match &args.command {
        DataCommand::Fetch(args) => fetch::run(args, ui),
        DataCommand::Stats(args) => stats::run(args, ui),
        DataCommand::Show(args) => show::run(args, ui),
        DataCommand::Verify(args) => verify::run(args, ui),
    }
}
