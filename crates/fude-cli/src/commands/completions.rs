//! `fude completions`.

use crate::cli::Cli;
use crate::ui::print_out;
use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints completions for a shell, to be put where it looks for them.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude completions bash > ~/.local/share/bash-completion/completions/fude")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fude", &mut script);
    print_out(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
