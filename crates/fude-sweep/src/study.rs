//! A study file: what is searched over, for what, and how long.

use crate::study_check::Unfit;
use crate::study_file::parse;
use crate::{Halving, Range, SweepError};
use fude_record::{Experiment, ExperimentError, Override};
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
    /// What that file said when the study was read: it may be changed while a search goes on.
    #[serde(skip)]
    pub text: String,
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

/// The share of a range at which its last value lies.
pub(crate) const LAST: f64 = 1.0 - f64::EPSILON;

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

impl Study {
    /// Reads and checks a study file, and that its experiment takes the keys.
    ///
    /// # Errors
    /// What is wrong with the file; the experiment's own errors.
    pub fn load(path: &Path) -> Result<Self, SweepError> {
        let wrong = |why: String| SweepError::Study { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let mut study =
            parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(|why| match is_experiment(&text) {
                true => wrong("is an experiment and no study: `fude train` takes it".into()),
                false => wrong(why),
            })?;
        study.text = Experiment::read(&study.experiment)?;
        study.check_experiments().map_err(|error| match error {
            Unfit::Experiment(error) => error.into(),
            Unfit::Study(why) => wrong(why),
        })?;
        Ok(study)
    }

    /// The first value of each key.
    pub fn first_values(&self) -> BTreeMap<String, String> {
        self.values_at(0.0)
    }

    /// A value of each key, at the same share of its range.
    pub(crate) fn values_at(&self, share: f64) -> BTreeMap<String, String> {
        self.space.iter().map(|(key, range)| (key.clone(), range.value(range.at(share)))).collect()
    }

    /// The study with so many trials; a grid has no more than its combinations.
    #[must_use]
    pub fn with_trials(self, trials: u32) -> Self {
        let most = (self.sampler == SamplerKind::Grid).then(|| combinations(&self.space)).flatten();
        Self { trials: trials.min(most.unwrap_or(u32::MAX)), ..self }
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
        let of = |section| move |(key, value): (&String, &String)| Override::new(key, value).of_section(section);
        let all = self.set.iter().map(of("set")).chain(values.iter().map(of("space")));
        let overrides: Vec<Override> = all.chain(more.iter().cloned()).collect();
        Experiment::parse(&self.text, &self.experiment.display().to_string(), &overrides)
    }
}

/// Whether a text has what experiments have and studies lack.
fn is_experiment(text: &str) -> bool {
    text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("dataset") && !table.contains_key("space"))
}

/// How many combinations of choices there are, as far as they can be counted; none where a key has numbers.
pub(crate) fn combinations(space: &BTreeMap<String, Range>) -> Option<u32> {
    space.values().try_fold(1_u32, |all, range| Some(all.saturating_mul(range.choices()?)))
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
        parse(STUDY, Path::new("folder")).unwrap()
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
            ("[space]", "[space]\ndata.split_seed = { choices = [0, 1] }", "is nothing to search over"),
        ] {
            let error = parse(&STUDY.replace(from, to), Path::new("")).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_grid_has_no_more_trials_than_combinations_however_many_are_asked_for() {
        let numbers = "train.learning_rate = { low = 1e-4, high = 1e-1, log = true }";
        let text = STUDY.replace(numbers, "train.batch = { choices = [8, 16] }");
        let grid = parse(&text.replace("[set]", "sampler = \"grid\"\n[set]"), Path::new("")).unwrap();
        assert_eq!(grid.trials, 4);
        assert_eq!(grid.clone().with_trials(100).trials, 4);
        assert_eq!(grid.with_trials(3).trials, 3);
        assert_eq!(study().with_trials(100).trials, 100);
    }

    #[test]
    fn more_combinations_than_can_be_counted_are_still_a_space() {
        let keys: String = (0..40).map(|key| format!("k{key} = {{ choices = [1, 2] }}\n")).collect();
        let text = STUDY.replace("[space]\n", &format!("[space]\n{keys}"));
        assert_eq!(parse(&text, Path::new("")).unwrap().trials, 60);
        let only: String = format!("name = \"s\"\nexperiment = \"e.toml\"\n[space]\n{keys}");
        assert_eq!(parse(&only, Path::new("")).unwrap().trials, 60);
        let grid = only.replace("[space]", "sampler = \"grid\"\ntrials = 70\n[space]");
        assert_eq!(parse(&grid, Path::new("")).unwrap().trials, 70);
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
