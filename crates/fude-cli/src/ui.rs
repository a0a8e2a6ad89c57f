//! How fude speaks to a person: results on stdout, everything else on stderr.

use anyhow::Context;
use console::{Term, style};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What the user wants to see.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ui {
    /// No progress and no notes; results, warnings and errors remain.
    pub(crate) quiet: bool,
    /// stdout carries JSON and nothing else.
    pub(crate) json: bool,
    /// The log goes to stderr (`-v`): a line drawn over itself would be torn by it.
    pub(crate) verbose: bool,
}

impl Ui {
    /// A result, on stdout. Not shown with `--json`, whose result is the JSON.
    pub(crate) fn result(&self, text: impl Display) {
        if !self.json {
            print_out(&text.to_string());
        }
    }

    /// Something worth knowing, on stderr; the same once only, as with warnings.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            print_once(&format!("{} {text}", style("note:").for_stderr().cyan().bold()));
        }
    }

    /// Something not to be overlooked, on stderr, also with `-q`.
    pub(crate) fn warning(&self, text: impl Display) {
        print_once(&format!("{} {text}", style("warning:").for_stderr().yellow().bold()));
    }

    /// Something that went wrong while the rest goes on, on stderr.
    pub(crate) fn error(&self, text: impl Display) {
        print_err(&format!("{} {text}", style("error:").for_stderr().red().bold()));
    }

    /// Whether progress may be drawn over itself.
    pub(crate) fn draws_progress(&self) -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        !self.quiet && !self.verbose && !dumb && io::stderr().is_terminal()
    }
}

/// What kept text from reaching stdout. Everything goes on all the same, and the program then ends with it.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// One JSON line on stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print_out(&serde_json::to_string(value)?);
    finish_output()
}

/// A line on stdout.
pub(crate) fn print_out(text: &str) {
    wrote(writeln!(io::stdout(), "{text}"));
}

/// What became of an attempt to write to stdout.
pub(crate) fn wrote(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Hands on whatever stdout still holds.
///
/// # Errors
/// Where a full disk swallowed some of it. A reader that went away (`fude runs | head`) is no error.
pub(crate) fn finish_output() -> anyhow::Result<()> {
    let flushed = io::stdout().flush();
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner).take();
    match lost.map_or(flushed, Err) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
        _ => Ok(()),
    }
}

/// Notes and warnings that were printed already.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A line on stderr, unless it has been there before: each run of a series has the same to say of its data.
fn print_once(text: &str) {
    if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned()) {
        print_err(text);
    }
}

/// A line on stderr.
pub(crate) fn print_err(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A question on stderr; the answer comes on the same line.
pub(crate) fn print_prompt(text: &str) {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// The columns of a terminal; none where it is none, and lines may be as long as they like.
pub(crate) fn columns(term: &Term) -> Option<usize> {
    term.size_checked().map(|(_, columns)| usize::from(columns)).filter(|&columns| columns > 0)
}

/// A path as a shell reads it as one word.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "-_./:+,@%=".contains(c) || cfg!(windows) && c == '\\';
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_only_where_a_shell_would_split_it() {
        assert_eq!(quoted(Path::new("runs/e1-l2/2026-s0")), "runs/e1-l2/2026-s0");
        assert_eq!(quoted(Path::new("my runs/$x")), "'my runs/$x'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
