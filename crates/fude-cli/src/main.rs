//! `fude`: the command line. It only joins the libraries.

mod class_labels;
mod cli;
mod commands;
mod exit;
mod model;
mod model_data;
mod model_lookup;
mod output;
mod page;
mod plots;
mod progress;
mod run_lookup;
mod signals;
mod spread;
mod table;
mod tensorboard;
mod ui;
mod weighed;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(said) => return exit::usage(&said),
    };
    cli.start_log();
    match cli.run().and_then(|()| ui::finish_output()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
