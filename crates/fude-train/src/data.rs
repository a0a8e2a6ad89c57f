//! An experiment's data: found, cut, and described.

use crate::{Checkpoint, TrainError};
use fude_data::{DataError, Dataset, Fold, LoadOptions, Split};
use fude_record::{DataConfig, Experiment};
use std::sync::Arc;

/// Data ready for a run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The set that was really loaded.
    pub dataset: String,
    /// Whether that is the fallback and not what the experiment names.
    pub fallback: bool,
    /// Class names, `[O]`.
    pub classes: Vec<String>,
    /// Images to train on.
    pub train: Arc<Split>,
    /// Images held out of the training images, where the experiment asks for it.
    pub validation: Option<Arc<Split>>,
    /// The test images.
    pub test: Option<Arc<Split>>,
    /// What a user should know.
    pub notes: Vec<String>,
    /// What a user should not overlook.
    pub warnings: Vec<String>,
}

/// Loads what an experiment names, falls back where it allows that, and cuts the validation split.
///
/// # Errors
/// Data that are missing and have no fallback, or that are there and wrong: a fallback never hides a damaged file.
pub fn prepare(experiment: &Experiment) -> Result<Prepared, TrainError> {
    let (dataset, warning) = load(experiment, &load_options(&experiment.data))?;
    cut_validation(experiment, dataset, warning)
}

/// [`prepare`] for a run that goes on: where it began on the fallback and the real data have come since, it goes on with
/// the fallback, and says so.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_to_resume(experiment: &Experiment, checkpoint: &Checkpoint) -> Result<Prepared, TrainError> {
    let data = prepare(experiment)?;
    let (Some(fallback), Err(_)) = (&experiment.fallback, checkpoint.require_data(&data)) else { return Ok(data) };
    let name = &experiment.dataset;
    let warning = format!(
        "this run began on the built-in drawn set '{fallback}' and goes on with it, although {name} is on this machine \
         now: its figures say nothing about {name}; a new run trains on {name}"
    );
    let options = load_options(&experiment.data);
    let began = cut_validation(experiment, fude_data::open(fallback, &options)?, Some(warning))?;
    // Neither the one nor the other: whoever asks for the data is told so.
    Ok(if checkpoint.require_data(&began).is_ok() { began } else { data })
}

/// `warning` is why the data are the fallback, where they are.
fn cut_validation(experiment: &Experiment, dataset: Dataset, warning: Option<String>) -> Result<Prepared, TrainError> {
    if dataset.classes.len() < 2 {
        let (name, only) = (&dataset.name, dataset.classes.join(""));
        let why = format!("{name}: expected two classes or more to tell apart, found one ({only})");
        return Err(TrainError::Mismatch(why));
    }
    let (train, validation) = match experiment.data.validation_fraction {
        0.0 => (dataset.train, None),
        fraction => {
            let cut = fude_data::cut(&dataset.train, fraction, experiment.data.split_seed);
            let (train, validation) = cut.map_err(|error| error.of("data.validation_fraction", &dataset.name))?;
            (train, Some(Arc::new(validation)))
        }
    };
    Ok(Prepared {
        dataset: dataset.name,
        fallback: warning.is_some(),
        classes: dataset.classes,
        train: Arc::new(train),
        validation,
        test: dataset.test.map(Arc::new),
        notes: dataset.notes,
        warnings: warning.into_iter().collect(),
    })
}

fn load_options(data: &DataConfig) -> LoadOptions {
    let DataConfig { test_fraction, split_seed, limit, size, .. } = *data;
    let fold = data.fold.zip(data.folds).map(|(index, count)| Fold { index, count });
    LoadOptions { test_fraction, split_seed, fold, limit, size }
}

fn load(experiment: &Experiment, options: &LoadOptions) -> Result<(Dataset, Option<String>), TrainError> {
    let name = &experiment.dataset;
    match (fude_data::open(name, options), &experiment.fallback) {
        (Ok(dataset), _) => Ok((dataset, None)),
        (Err(missing @ DataError::NotFound { .. }), Some(fallback)) => {
            let warning = format!(
                "{missing}. FALLING BACK to the built-in drawn set '{fallback}': the figures of this run say nothing \
                 about {name}"
            );
            Ok((fude_data::open(fallback, options)?, Some(warning)))
        }
        (Err(error), _) => Err(error.into()),
    }
}

impl Prepared {
    /// O.
    pub fn outputs(&self) -> usize {
        self.classes.len()
    }
}
