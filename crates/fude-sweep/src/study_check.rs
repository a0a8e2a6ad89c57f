//! What makes a study one that can be searched, told before its first trial.

use crate::study::LAST;
use crate::{Halving, Range, Study};
use fude_record::{ExperimentError, NAMES_A_FOLDER, names_a_folder};

/// Keys with which a search would look for the easiest validation images.
const DECIDES_VALIDATION: [&str; 5] =
    ["data.validation_fraction", "data.split_seed", "data.test_fraction", "data.folds", "data.fold"];

/// Why a study's experiments cannot be searched over.
pub(crate) enum Unfit {
    /// An experiment is none.
    Experiment(ExperimentError),
    /// They are none to search over.
    Study(String),
}

impl Study {
    /// Checks what stands in the file alone.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !names_a_folder(&self.name) {
            return Err(format!("name: expected {NAMES_A_FOLDER}, found '{}'", self.name));
        }
        if self.space.is_empty() {
            return Err("space: expected a key or more to search over, found none".into());
        }
        if !(1..=100_000).contains(&self.trials) {
            return Err(format!("trials: expected 1 to 100000, found {}", self.trials));
        }
        if let Some(halving) = self.halving.filter(|halving| halving.first_epochs < 1 || halving.factor < 2) {
            let Halving { first_epochs, factor } = halving;
            return Err(format!(
                "halving: expected first_epochs over 0 and factor over 1, found {first_epochs} and {factor}"
            ));
        }
        if let Some(key) = self.space.keys().find(|key| DECIDES_VALIDATION.contains(&key.as_str())) {
            return Err(format!(
                "space.{key}: decides which images trials are judged by, and is nothing to search over"
            ));
        }
        match self.set.keys().find(|key| self.space.contains_key(*key)) {
            Some(key) => Err(format!("set.{key}: is searched over, too")),
            None => Ok(()),
        }
    }

    /// Checks experiments of all kinds that the search may propose, so that it does not end in its middle: both ends of every
    /// range, and every choice.
    pub(crate) fn check_experiments(&self) -> Result<(), Unfit> {
        for share in [0.0, LAST] {
            let experiment = self.experiment(&self.values_at(share), &[]).map_err(Unfit::Experiment)?;
            if experiment.data.validation_fraction <= 0.0 {
                let why = "a search needs a validation split: set data.validation_fraction over 0";
                return Err(Unfit::Study(why.into()));
            }
        }
        self.space.iter().try_for_each(|(key, range)| self.check_choices(key, range)).map_err(Unfit::Experiment)
    }

    /// Each choice of a key must go with one of the ends of the others at least.
    fn check_choices(&self, key: &str, range: &Range) -> Result<(), ExperimentError> {
        (0..range.choices().unwrap_or(0)).try_for_each(|index| {
            let with = |share: f64| {
                let mut values = self.values_at(share);
                values.insert(key.to_owned(), range.value(f64::from(index)));
                self.experiment(&values, &[])
            };
            with(0.0).or_else(|_| with(LAST)).map(drop)
        })
    }
}
