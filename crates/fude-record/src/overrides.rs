//! Values from the command line, put over those of an experiment file.

use crate::ExperimentError;
use std::fmt;
use std::str::FromStr;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// The most sections that a key may be in.
const MAX_DEPTH: usize = 16;

/// One `key=value` from the command line, put over the file: `train.batch=256`.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    key: Vec<String>,
    /// None takes the key away.
    value: Option<String>,
    given: Given,
    /// Whether it gives way to what is there.
    only_where_absent: bool,
}

/// How the user wrote an override.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Given {
    /// `--set train.batch=256`.
    Set,
    /// A flag that stands for a key: `--epochs 20`.
    Flag(&'static str),
    /// A section of a file of its own, as of a study: `space.train.batch`.
    Section(&'static str),
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or_else(|| format!("expected key=value, found '{text}'"))?;
        let key: Vec<String> = key.trim().split('.').map(str::to_owned).collect();
        // Far deeper than any key: each section within another costs stack.
        if key.iter().any(String::is_empty) || key.len() > MAX_DEPTH {
            return Err(format!("expected a key as in the experiment file (train.batch), found '{text}'"));
        }
        Ok(Self { key, value: Some(value.trim().to_owned()), given: Given::Set, only_where_absent: false })
    }
}

/// As the user wrote it: `--set train.batch=0`, `--epochs 0`.
impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or_default();
        match self.given {
            Given::Flag(flag) => f.write_str(format!("{flag} {value}").trim_end()),
            Given::Set => write!(f, "--set {}={value}", self.key.join(".")),
            Given::Section(section) => write!(f, "the study's {section}.{} = {value}", self.key.join(".")),
        }
    }
}

impl Override {
    /// An override made in a program: `train.epochs`, 20.
    pub fn new(key: &str, value: impl fmt::Display) -> Self {
        let key = key.split('.').map(str::to_owned).collect();
        Self { key, value: Some(value.to_string()), given: Given::Set, only_where_absent: false }
    }

    /// One whose value is a string, also where it would read as a number: a folder may be called 2024.
    pub fn text(key: &str, value: &str) -> Self {
        Self::new(key, Value::from(value))
    }

    /// Takes a key away that the file may have.
    pub fn removal(key: &str) -> Self {
        Self { value: None, ..Self::new(key, "") }
    }

    /// Names the flag that stands for it (`--epochs`): errors must blame what the user wrote.
    #[must_use]
    pub fn given_by(self, flag: &'static str) -> Self {
        Self { given: Given::Flag(flag), ..self }
    }

    /// Names the section of the file that it is from, which is no experiment's.
    #[must_use]
    pub fn of_section(self, section: &'static str) -> Self {
        Self { given: Given::Section(section), ..self }
    }

    /// Lets it hold only where neither the file nor an override before it has the key, whatever value that has.
    #[must_use]
    pub fn where_absent(self) -> Self {
        Self { only_where_absent: true, ..self }
    }

    /// The key, dotted.
    pub fn dotted_key(&self) -> String {
        self.key.join(".")
    }

    /// Whether it takes the place of an earlier one, so that nothing is left of that.
    pub(crate) fn replaces(&self, earlier: &Self) -> bool {
        self.key == earlier.key && !self.only_where_absent
    }

    /// A TOML value where it reads as one, else a string: `--set dataset=fashion` needs no quotes.
    fn toml_value(text: &str) -> Value {
        text.parse().unwrap_or_else(|_| Value::from(text))
    }

    pub(crate) fn apply(&self, document: &mut DocumentMut) -> Result<(), ExperimentError> {
        let [parents @ .., last] = self.key.as_slice() else { return Ok(()) };
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for parent in parents {
            table = table
                .entry(parent)
                .or_insert(Item::Table(Table::new()))
                .as_table_like_mut()
                .ok_or_else(|| self.error(format!("'{parent}' is a value, not a section")))?;
        }
        match &self.value {
            Some(_) if self.only_where_absent && table.contains_key(last) => None,
            Some(text) => table.insert(last, Item::Value(Self::toml_value(text))),
            None => table.remove(last),
        };
        Ok(())
    }

    fn error(&self, message: String) -> ExperimentError {
        ExperimentError { place: self.to_string(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Experiment;

    const FILE: &str = "name = \"x\"\ndataset = \"kana\"\nmodel = { hidden = [8] }\n";

    fn parse(overrides: &[Override]) -> Result<Experiment, String> {
        Experiment::parse(FILE, "e.toml", overrides).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_of_its_own_is_blamed_by_its_own_name() {
        let error = parse(&[Override::new("train.epochs", 0).given_by("--epochs")]).unwrap_err();
        assert_eq!(error, "--epochs 0: train.epochs: expected 1 to 1000000, found 0");
    }

    #[test]
    fn of_two_for_one_key_the_last_holds_and_is_blamed() {
        let batch = |n| Override::new("train.batch", n);
        assert_eq!(parse(&[batch(0), batch(5)]).unwrap().train.batch, 5);
        assert!(parse(&[batch(5), batch(0)]).unwrap_err().starts_with("--set train.batch=0: "));
    }

    #[test]
    fn a_text_stays_one_whatever_it_looks_like() {
        for name in ["2024", "true", "[1]", "a \"b\"", "1e3"] {
            assert_eq!(parse(&[Override::text("dataset", name)]).unwrap().dataset, name);
        }
    }

    #[test]
    fn one_that_gives_way_holds_only_where_the_key_stands_nowhere() {
        let half = || Override::new("model.dropout", 0.5).where_absent();
        let dropout = |overrides: &[Override]| parse(overrides).unwrap().model.dropout;
        assert_eq!(dropout(&[half()]), 0.5);
        assert_eq!(dropout(&[Override::new("model.dropout", "0.0"), half()]), 0.0, "also the default may be written");
        assert_eq!(dropout(&[half(), Override::new("model.dropout", 0.25)]), 0.25);
    }

    #[test]
    fn inline_tables_take_overrides_too() {
        let experiment = parse(&[Override::new("model.dropout", 0.5)]).unwrap();
        assert_eq!((experiment.model.hidden, experiment.model.dropout), (vec![8], 0.5));
    }
}
