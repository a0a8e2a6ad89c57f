//! How fude speaks to a person: results on stdout, everything else on stderr.

use anyhow::Context;
use console::style;
use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// What the user wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ui {
    /// No progress and no notes; results, warnings and errors remain.
    pub(crate) quiet: bool,
    /// stdout carries JSON and nothing else.
    pub(crate) json: bool,
}

impl Ui {
    /// A result, on stdout. Not shown with `--json`, whose result is the JSON.
    pub(crate) fn result(&self, text: impl Display) {
        if !self.json {
            print_out(&text.to_string());
        }
    }

    /// Something worth knowing, on stderr.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            print_err(&format!("{} {text}", style("note:").for_stderr().cyan().bold()));
        }
    }

    /// Something not to be overlooked, on stderr, also with `-q`.
    pub(crate) fn warning(&self, text: impl Display) {
        print_err(&format!("{} {text}", style("warning:").for_stderr().yellow().bold()));
    }

    /// Something that went wrong while the rest goes on, on stderr.
    pub(crate) fn error(&self, text: impl Display) {
        print_err(&format!("{} {text}", style("error:").for_stderr().red().bold()));
    }

    /// Whether progress may be drawn over itself.
    pub(crate) fn draws_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }
}

/// One JSON line on stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{}", serde_json::to_string(value)?) {
        // A program that reads no further is no error; a result that a full disk swallows is one.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("cannot write the JSON"),
        _ => Ok(()),
    }
}

/// A line on stdout. A reader that went away (`fude runs | head`) is no error.
pub(crate) fn print_out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line on stderr.
pub(crate) fn print_err(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
