//! Exit codes, and how an error is shown.

use crate::ui::{finish_output, print_err, wrote};
use console::style;
use fude_data::DataError;
use fude_sweep::SweepError;
use fude_train::TrainError;
use std::process::ExitCode;

/// What `--help` says of exit codes and the environment.
pub(crate) const HELP: &str = "\
Examples:
  fude train experiments/e3-deep-l2.toml --epochs 20     train (built-in images where KMNIST is not there)
  fude data fetch kmnist                                 get the real ones
  fude train experiments/e1-l2.toml --device gpu         on the GPU, or on the CPU with a warning
  fude compare runs/e1-l2/* runs/e3-deep-l2/*            the table of results

Exit codes:
  0  done             1  failed          2  wrong arguments or experiment file
  3  the loss became NaN or infinite     130  ended by Ctrl-C, with a checkpoint

Environment:
  FUDE_CACHE  where data sets are kept      FUDE_LOG  log filter (error, warn, fude_engine=debug)
  NO_COLOR    no colours";

/// The command ended otherwise than with a result or an error text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// The arguments do not go together, or the experiment file is wrong.
    #[error("{0}")]
    Usage(String),
    /// Ctrl-C.
    #[error("{0}")]
    Interrupted(String),
}

/// Shows a help text or what is wrong with the arguments, and gives the exit code.
pub(crate) fn usage(said: &clap::Error) -> ExitCode {
    let code = u8::try_from(said.exit_code()).unwrap_or(2);
    if said.use_stderr() {
        let text = said.render();
        let text = if console::colors_enabled_stderr() { text.ansi().to_string() } else { text.to_string() };
        print_err(in_plain_words(&text).trim_end());
    } else {
        wrote(said.print());
    }
    match finish_output() {
        Ok(()) => ExitCode::from(code),
        Err(error) => report(&error),
    }
}

/// What the standard library says of text that is no number, in words for people who write no Rust.
fn in_plain_words(text: &str) -> String {
    const WORDS: [(&str, &str); 5] = [
        ("invalid digit found in string", "expected a whole number"),
        ("invalid float literal", "expected a number"),
        ("cannot parse integer from empty string", "expected a whole number"),
        ("cannot parse float from empty string", "expected a number"),
        ("number too large to fit in target type", "expected a smaller number"),
    ];
    WORDS.iter().fold(text.to_owned(), |text, (theirs, plain)| text.replace(theirs, plain))
}

/// Shows an error with its causes, each on a line, and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(Stopped::Interrupted(text)) = error.downcast_ref() {
        print_err(text);
        return ExitCode::from(130);
    }
    print_err(&format!("{} {error}", style("error:").for_stderr().red().bold()));
    // Typed errors say their cause in their own text; only what adds something is shown.
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            print_err(&format!("  because: {cause}"));
            said = cause;
        }
    }
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    let data = match error.downcast_ref::<TrainError>() {
        Some(error) if error.is_non_finite() => return 3,
        Some(TrainError::Data(error)) => Some(error),
        _ => error.downcast_ref::<DataError>(),
    };
    let study = matches!(error.downcast_ref(), Some(SweepError::Study { .. } | SweepError::Experiment(_)));
    let usage = study
        || error.is::<Stopped>()
        || error.is::<fude_record::ExperimentError>()
        || data.is_some_and(DataError::is_bad_setting);
    if usage { 2 } else { 1 }
}
