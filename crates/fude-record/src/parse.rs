//! Reading an experiment file: what is wrong is told with file, line, and the nearest valid key.

use crate::culprit::culprit;
use crate::which_file::hint;
use crate::wording::in_plain_words;
use crate::{Experiment, Override};
use std::path::Path;
use toml_edit::{Document, DocumentMut};

/// Why a text is no experiment.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ExperimentError {
    /// File and line, or the `--set` that did it.
    pub place: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Experiment {
    /// Reads and checks an experiment file with overrides put over it.
    ///
    /// # Errors
    /// File, line and reason: unreadable, not TOML, an unknown key, a wrong type, a value out of range.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<Self, ExperimentError> {
        Self::parse(&Self::read(path)?, &path.display().to_string(), overrides)
    }

    /// The text of an experiment file.
    ///
    /// # Errors
    /// A file that cannot be read, and which one might be meant.
    pub fn read(path: &Path) -> Result<String, ExperimentError> {
        let unread = |error| format!("cannot be read: {error}{}", hint(path));
        let place = || path.display().to_string();
        std::fs::read_to_string(path).map_err(|error| ExperimentError { place: place(), message: unread(error) })
    }

    /// Reads and checks an experiment's text; `place` stands for the file in errors.
    ///
    /// # Errors
    /// As [`Experiment::load`].
    pub fn parse(text: &str, place: &str, overrides: &[Override]) -> Result<Self, ExperimentError> {
        Self::merged(text, place, overrides).map_err(|error| match is_study(text) {
            true => {
                let message = "is a study and no experiment: `fude sweep` takes it".into();
                ExperimentError { place: place.to_owned(), message }
            }
            false => error,
        })
    }

    fn merged(text: &str, place: &str, overrides: &[Override]) -> Result<Self, ExperimentError> {
        let source = Source { text, place, overrides };
        let checked: Result<Self, _> = source.deserialize(text);
        let mut document: DocumentMut = text.parse().map_err(|error| source.toml_error(text, error))?;
        if overrides.is_empty() {
            return source.in_range(checked?);
        }
        // The file alone is checked first, unless an override replaces what is wrong in it.
        for item in overrides {
            item.apply(&mut document)?;
        }
        let merged: Self = match source.deserialize(&document.to_string()) {
            Ok(experiment) => experiment,
            Err(error) => return Err(source.blame(checked.err(), &error.message)),
        };
        source.in_range(merged)
    }

    /// The experiment as TOML, defaults filled in.
    ///
    /// # Errors
    /// Never for values that passed [`Experiment::validate`].
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

/// Whether a text has what studies have and experiments lack.
fn is_study(text: &str) -> bool {
    let document = text.parse::<DocumentMut>();
    document.is_ok_and(|document| ["experiment", "space"].iter().all(|key| document.contains_key(key)))
}

/// A text under examination.
struct Source<'a> {
    text: &'a str,
    place: &'a str,
    overrides: &'a [Override],
}

impl Source<'_> {
    fn deserialize(&self, text: &str) -> Result<Experiment, ExperimentError> {
        toml_edit::de::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            self.error(line, &error.message().replace('\n', " "))
        })
    }

    fn toml_error(&self, text: &str, error: toml_edit::TomlError) -> ExperimentError {
        let line = error.span().map(|span| line_of(text, span.start));
        self.error(line, &error.message().replace('\n', ", "))
    }

    fn error(&self, line: Option<usize>, message: &str) -> ExperimentError {
        let place = match line {
            Some(line) => format!("{}, line {line}", self.place),
            None => self.place.to_owned(),
        };
        ExperimentError { place, message: in_plain_words(message) }
    }

    /// What is wrong with the merged text: an override where one is to blame, also where another mends what is wrong in the
    /// file; else the file.
    fn blame(&self, file_error: Option<ExperimentError>, message: &str) -> ExperimentError {
        let (place, message) = match (self.culprit(), file_error) {
            (Some(culprit), _) => culprit,
            (None, Some(error)) => return error,
            (None, None) => (all(self.overrides), message.to_owned()),
        };
        let message = with_section(message);
        ExperimentError { place, message }
    }

    fn culprit(&self) -> Option<(String, String)> {
        culprit(self.overrides, |overrides| self.wrong_with(overrides))
    }

    /// What is wrong with the file under these overrides.
    fn wrong_with(&self, overrides: &[&Override]) -> Option<String> {
        let mut document: DocumentMut = self.text.parse().ok()?;
        if let Err(error) = overrides.iter().try_for_each(|item| item.apply(&mut document)) {
            return Some(error.message);
        }
        match self.deserialize(&document.to_string()) {
            Ok(experiment) => experiment.validate().err().map(|error| error.to_string()),
            Err(error) => Some(error.message),
        }
    }

    fn in_range(&self, experiment: Experiment) -> Result<Experiment, ExperimentError> {
        let Err(error) = experiment.validate() else { return Ok(experiment) };
        if let Some(item) = self.overrides.iter().rfind(|item| item.dotted_key() == error.key) {
            return Err(ExperimentError { place: item.to_string(), message: error.to_string() });
        }
        // Two values may be good each and bad together: of them, what was given beside the file is to blame.
        if let Some((place, message)) = self.culprit() {
            return Err(ExperimentError { place, message });
        }
        let line = line_of_key(self.text, &error.key);
        let place = line.map_or_else(|| self.place.to_owned(), |line| format!("{}, line {line}", self.place));
        Err(ExperimentError { place, message: error.to_string() })
    }
}

/// Of a key without its section, where that has it: "did you mean `train.epochs`?".
fn with_section(message: String) -> String {
    let found = message.strip_prefix("unknown key `").and_then(|rest| rest.split('`').next());
    let usual = Experiment::parse("name = \"x\"\ndataset = \"kana\"", "", &[]).map(|usual| usual.keys());
    let (Some(found), Ok(keys)) = (found, usual) else { return message };
    match keys.keys().find(|key| key.rsplit_once('.').is_some_and(|(_, last)| last == found)) {
        Some(key) => format!("unknown key `{found}`; did you mean `{key}`?"),
        None => message,
    }
}

fn all(overrides: &[Override]) -> String {
    overrides.iter().map(Override::to_string).collect::<Vec<_>>().join(" ")
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

/// The line on which a dotted key stands in the file.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let mut table = document.as_table();
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        let (found, item) = table.get_key_value(part)?;
        if parts.peek().is_none() {
            return found.span().map(|span| line_of(text, span.start));
        }
        table = item.as_table()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Monitor, Optimizer};

    const GOOD: &str = "name = \"x\"\ndataset = \"kana\"\n\n[train]\nbatch = 64\n";

    fn error(text: &str, overrides: &[&str]) -> String {
        let overrides: Vec<Override> = overrides.iter().map(|o| o.parse().unwrap()).collect();
        Experiment::parse(text, "e.toml", &overrides).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_names_file_line_and_the_nearest_valid_key() {
        let text = "name = \"x\"\ndataset = \"kana\"\n[train]\nbatchsize = 64\n";
        let message = error(text, &[]);
        assert!(message.starts_with("e.toml, line 4: unknown key `batchsize`"), "{message}");
        assert!(message.ends_with("did you mean `batch`?"), "{message}");
    }

    #[test]
    fn a_bad_range_names_the_line_of_its_key() {
        let message = error("name = \"x\"\ndataset = \"kana\"\n[model]\nhidden = [1]\ndropout = 1.5\n", &[]);
        assert_eq!(message, "e.toml, line 5: model.dropout: expected a probability in [0, 1), found 1.5");
    }

    #[test]
    fn a_bad_override_is_blamed_on_the_override() {
        let message = error(GOOD, &["train.batch=0"]);
        assert_eq!(message, "--set train.batch=0: train.batch: expected 1 to 65536 images, found 0");
        let message = error(GOOD, &["train.bach=5"]);
        assert!(message.starts_with("--set train.bach=5: unknown key"), "{message}");
        assert!(message.ends_with("did you mean `batch`?"), "{message}");
    }

    #[test]
    fn of_several_overrides_the_wrong_one_is_blamed() {
        let message = error(GOOD, &["learning_rate=1", "train.epochs=3", "dataset=fashion"]);
        assert!(message.starts_with("--set learning_rate=1: unknown key `learning_rate`"), "{message}");
        assert!(message.ends_with("did you mean `train.learning_rate`?"), "{message}");
        let message = error(GOOD, &["train.epochs=3", "train.bach=1", "data.size=28", "train.batch=2"]);
        assert!(message.starts_with("--set train.bach=1: unknown key `bach`"), "{message}");
        let two_wrong = error(GOOD, &["train.epochs=3", "train.bach=1", "train.epoch=1"]);
        assert!(two_wrong.starts_with("--set train.bach=1: unknown key `bach`"), "{two_wrong}");
        let last_holds = error(GOOD, &["train.batch=many", "train.batch=few", "train.epochs=3"]);
        assert_eq!(last_holds, "--set train.batch=few: expected a whole number, found the text \"few\"");
        let together = error("name = \"x\"\ndataset = \"kana\"\n[early_stopping]\n", &["data.validation_fraction=0.0"]);
        assert!(together.starts_with("--set data.validation_fraction=0.0: early_stopping.monitor: "), "{together}");
    }

    #[test]
    fn a_wrong_type_and_a_syntax_error_name_their_line() {
        assert!(
            error("name = \"x\"\ndataset = 5\n", &[]).starts_with("e.toml, line 2: expected a text in quotes, found 5")
        );
        assert!(error("name = \"x\"\ndataset = \n", &[]).starts_with("e.toml, line 2: "));
    }

    #[test]
    fn overrides_win_over_the_file_and_strings_need_no_quotes() {
        let overrides = ["train.batch=256", "dataset=fashion", "train.optimizer=adamw", "model.hidden=[3, 4]"];
        let overrides: Vec<Override> = overrides.iter().map(|o| o.parse().unwrap()).collect();
        let experiment = Experiment::parse(GOOD, "e.toml", &overrides).unwrap();
        assert_eq!((experiment.train.batch, experiment.dataset.as_str()), (256, "fashion"));
        assert_eq!(experiment.train.optimizer, Optimizer::AdamW);
        assert_eq!(experiment.model.hidden, [3, 4]);
    }

    #[test]
    fn a_written_experiment_reads_back_equal() {
        let mut experiment = Experiment::parse(GOOD, "e.toml", &[]).unwrap();
        experiment.early_stopping =
            Some(crate::EarlyStopping { monitor: Monitor::ValidationLoss, ..Default::default() });
        let text = experiment.to_toml().unwrap();
        assert_eq!(Experiment::parse(&text, "written", &[]).unwrap(), experiment, "{text}");
    }

    #[test]
    fn early_stopping_on_the_test_split_must_be_asked_for_twice() {
        let text = format!("{GOOD}[early_stopping]\nmonitor = \"test_loss\"\n");
        assert!(error(&text, &[]).contains("eval.test_each_epoch = true"));
        assert!(error(&format!("{GOOD}[early_stopping]\n"), &["data.validation_fraction=0.0"]).contains("validation"));
    }
}
