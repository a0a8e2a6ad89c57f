//! `fude`: the command line. It only joins the libraries.

mod class_labels;
mod cli;
mod commands;
mod exit;
mod model;
mod plots;
mod progress;
mod run_lookup;
mod signals;
mod table;
mod ui;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cli.start_log();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
