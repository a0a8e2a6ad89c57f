//! A study file: what is searched over, for what, and how long.

use crate::{Halving, Range, SweepError};
use fude_record::{Experiment, ExperimentError, Override, in_plain_words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Study {
    /// Its name, also that of its folder.
    pub name: String,
    /// The experiment file that trials change, as found from the study file.
    pub experiment: PathBuf,
    /// What is to become better.
    pub objective: Objective,
    /// How trials are proposed.
    pub sampler: SamplerKind,
    /// Trials in all.
    pub trials: u32,
    /// Random trials before TPE begins.
    pub startup: u32,
    /// Decides what is proposed. Trials train with the experiment's own `train.seed`.
    pub seed: u32,
    /// Keys that all trials have, as TOML texts.
    pub set: BTreeMap<String, String>,
    /// Successive halving; none trains every trial to its end.
    pub halving: Option<Halving>,
    /// The keys that are searched over.
    pub space: BTreeMap<String, Range>,
}

/// What is to become better, on the validation split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// The accuracy, higher.
    #[default]
    ValidationAccuracy,
    /// The loss, lower.
    ValidationLoss,
}

impl Objective {
    /// The value as a cost: the lower the better.
    pub fn cost(self, value: f64) -> f64 {
        match self {
            Self::ValidationAccuracy => -value,
            Self::ValidationLoss => value,
        }
    }

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationAccuracy => "validation accuracy",
            Self::ValidationLoss => "validation loss",
        }
    }
}

/// How trials are proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SamplerKind {
    /// Tree-structured Parzen estimators (Bergstra et al. 2011), a key at a time.
    #[default]
    Tpe,
    /// Uniformly at random.
    Random,
    /// Every combination of the choices, each once.
    Grid,
}

/// The file's form: sections may be written with dotted or quoted keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    experiment: PathBuf,
    #[serde(default)]
    objective: Objective,
    #[serde(default)]
    sampler: SamplerKind,
    trials: Option<u32>,
    #[serde(default = "ten")]
    startup: u32,
    #[serde(default)]
    seed: u32,
    #[serde(default)]
    set: toml::Table,
    halving: Option<Halving>,
    space: toml::Table,
}

/// Trials where the file says nothing of them and nothing else decides.
const TRIALS: u32 = 60;

fn ten() -> u32 {
    10
}

impl Study {
    /// Reads and checks a study file, and that its experiment takes the keys.
    ///
    /// # Errors
    /// What is wrong with the file; the experiment's own errors.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let wrong = |why: String| SweepError::Study { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let study = Self::parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(wrong)?;
        // Both ends of every range, so that a search does not end in its middle.
        for share in [0.0, 1.0 - f64::EPSILON] {
            let at_share = study.space.iter().map(|(key, range)| (key.clone(), range.value(range.at(share))));
            let experiment = study.experiment(&at_share.collect(), &[])?;
            if experiment.data.validation_fraction <= 0.0 {
                return Err(wrong("a search needs a validation split: set data.validation_fraction over 0".into()));
            }
        }
        Ok(study)
    }

    /// Reads a study's text; `folder` is where its experiment's path begins.
    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let file: Text = toml::from_str(text).map_err(|error| {
            let message = in_plain_words(&error.message().replace('\n', ", "));
            let newlines = |end: usize| text.bytes().take(end).filter(|&byte| byte == b'\n').count();
            let line = error.span().map(|span| newlines(span.start) + 1);
            line.map_or(message.clone(), |line| format!("line {line}: {message}"))
        })?;
        let mut space = BTreeMap::new();
        flatten("", &file.space, &mut |key, value| {
            let is_range = value.as_table().is_some_and(|t| t.contains_key("choices") || t.contains_key("low"));
            if !is_range && value.is_table() {
                return Ok(false);
            }
            let range = value
                .clone()
                .try_into()
                .map_err(|error: toml::de::Error| format!("space.{key}: {}", error.message()))?;
            space.insert(key.to_owned(), range);
            Ok(true)
        })?;
        let mut set = BTreeMap::new();
        flatten("", &file.set, &mut |key, value| {
            if value.is_table() {
                return Ok(false);
            }
            set.insert(key.to_owned(), value.to_string());
            Ok(true)
        })?;
        let Text { name, experiment, objective, sampler, trials, startup, seed, halving, .. } = file;
        let experiment = folder.join(experiment);
        let trials = match (sampler, combinations(&space)) {
            (SamplerKind::Grid, None) => return Err("sampler: a grid needs { choices } for every key".into()),
            (SamplerKind::Grid, Some(all)) => trials.unwrap_or(all).min(all),
            _ => trials.unwrap_or(TRIALS),
        };
        let study = Self { name, experiment, objective, sampler, trials, startup, seed, set, halving, space };
        study.check().map(|()| study)
    }

    /// The study with so many trials; a grid has no more than its combinations.
    #[must_use]
    pub fn with_trials(self, trials: u32) -> Self {
        let most = (self.sampler == SamplerKind::Grid).then(|| combinations(&self.space)).flatten();
        Self { trials: trials.min(most.unwrap_or(u32::MAX)), ..self }
    }

    fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(plain) || self.name.starts_with('.') {
            return Err(format!("name: expected letters, digits, '-', '_' or '.', found '{}'", self.name));
        }
        if self.space.is_empty() {
            return Err("space: expected a key or more to search over, found none".into());
        }
        if !(1..=100_000).contains(&self.trials) {
            return Err(format!("trials: expected 1 to 100000, found {}", self.trials));
        }
        if let Some(halving) = self.halving.filter(|halving| halving.first_epochs < 1 || halving.factor < 2) {
            return Err(format!("halving: expected first_epochs over 0 and factor over 1, found {halving:?}"));
        }
        match self.set.keys().find(|key| self.space.contains_key(*key)) {
            Some(key) => Err(format!("set.{key}: is searched over, too")),
            None => Ok(()),
        }
    }

    /// The experiment of a trial: the file, what all trials have, the trial's own values, and `more` over all of it.
    ///
    /// # Errors
    /// A key that there is none of, a value out of range.
    pub fn experiment(
        &self,
        values: &BTreeMap<String, String>,
        more: &[Override],
    ) -> Result<Experiment, ExperimentError> {
        let all = self.set.iter().chain(values).map(|(key, value)| Override::new(key, value));
        let overrides: Vec<Override> = all.chain(more.iter().cloned()).collect();
        Experiment::load(&self.experiment, &overrides)
    }
}

/// How many combinations of choices there are, as far as they can be counted; none where a key has numbers.
fn combinations(space: &BTreeMap<String, Range>) -> Option<u32> {
    space.values().try_fold(1_u32, |all, range| Some(all.saturating_mul(range.choices()?)))
}

/// Hands each value with its dotted key to `take`, which says whether it took it or wants what is inside.
fn flatten(
    prefix: &str,
    table: &toml::Table,
    take: &mut impl FnMut(&str, &toml::Value) -> Result<bool, String>,
) -> Result<(), String> {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if !take(&key, value)?
            && let Some(inner) = value.as_table()
        {
            flatten(&key, inner, take)?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::RangeKind;

    const STUDY: &str = "\
name = \"s\"
experiment = \"e.toml\"
[set]
train.epochs = 9
\"data.validation_fraction\" = 0.2
[halving]
[space]
train.learning_rate = { low = 1e-4, high = 1e-1, log = true }
\"model.hidden\" = { choices = [[8], [16]] }
";

    pub(crate) fn study() -> Study {
        Study::parse(STUDY, Path::new("folder")).unwrap()
    }

    #[test]
    fn dotted_and_quoted_keys_are_the_same() {
        let study = study();
        assert_eq!(study.experiment, Path::new("folder/e.toml"));
        assert_eq!(study.set["train.epochs"], "9");
        assert_eq!(study.set["data.validation_fraction"], "0.2");
        let keys: Vec<&String> = study.space.keys().collect();
        assert_eq!(keys, ["model.hidden", "train.learning_rate"]);
        assert_eq!(study.space["model.hidden"].kind, RangeKind::Choices(vec!["[8]".into(), "[16]".into()]));
        assert_eq!((study.trials, study.halving), (60, Some(Halving { first_epochs: 1, factor: 3 })));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        for (from, to, why) in [
            ("low = 1e-4", "low = 1", "space.train.learning_rate: expected low < high"),
            ("name = \"s\"", "name = \"a b\"", "name: expected letters"),
            ("[halving]", "[halving]\nfactor = 1", "halving: expected"),
            ("train.epochs = 9", "train.learning_rate = 1e-3", "set.train.learning_rate: is searched over, too"),
            ("[set]", "what = 1\n[set]", "unknown key `what`"),
            ("[set]", "trails = 1\n[set]", "did you mean `trials`?"),
            ("[set]", "sampler = \"grid\"\n[set]", "sampler: a grid needs { choices }"),
        ] {
            let error = Study::parse(&STUDY.replace(from, to), Path::new("")).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_grid_has_no_more_trials_than_combinations_however_many_are_asked_for() {
        let numbers = "train.learning_rate = { low = 1e-4, high = 1e-1, log = true }";
        let text = STUDY.replace(numbers, "train.batch = { choices = [8, 16] }");
        let grid = Study::parse(&text.replace("[set]", "sampler = \"grid\"\n[set]"), Path::new("")).unwrap();
        assert_eq!(grid.trials, 4);
        assert_eq!(grid.clone().with_trials(100).trials, 4);
        assert_eq!(grid.with_trials(3).trials, 3);
        assert_eq!(study().with_trials(100).trials, 100);
    }

    #[test]
    fn more_combinations_than_can_be_counted_are_still_a_space() {
        let keys: String = (0..40).map(|key| format!("k{key} = {{ choices = [1, 2] }}\n")).collect();
        let text = STUDY.replace("[space]\n", &format!("[space]\n{keys}"));
        assert_eq!(Study::parse(&text, Path::new("")).unwrap().trials, 60);
        let only: String = format!("name = \"s\"\nexperiment = \"e.toml\"\n[space]\n{keys}");
        assert_eq!(Study::parse(&only, Path::new("")).unwrap().trials, 60);
        let grid = only.replace("[space]", "sampler = \"grid\"\ntrials = 70\n[space]");
        assert_eq!(Study::parse(&grid, Path::new("")).unwrap().trials, 70);
    }

    #[test]
    fn every_study_that_is_shipped_is_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/studies");
        let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty());
        for path in files {
            let study = Study::load(&path).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(Some(study.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
        }
    }

    #[test]
    fn an_experiment_that_lacks_the_key_is_told_before_the_first_trial() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("e.toml", "name = \"e\"\ndataset = \"kana\"\n");
        write("s.toml", STUDY);
        assert!(Study::load(&folder.path().join("s.toml")).is_ok());
        write("t.toml", &STUDY.replace("model.hidden", "model.hiden"));
        let error = Study::load(&folder.path().join("t.toml")).unwrap_err().to_string();
        assert!(error.contains("did you mean `hidden`?"), "{error}");
        write("u.toml", &STUDY.replace("= 0.2", "= 0.0"));
        let error = Study::load(&folder.path().join("u.toml")).unwrap_err().to_string();
        assert!(error.contains("a search needs a validation split"), "{error}");
    }
}
