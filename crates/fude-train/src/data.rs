//! An experiment's data: found, cut, and described.

use crate::TrainError;
use fude_data::{DataError, Dataset, LoadOptions, Split};
use fude_record::{DataConfig, Experiment};
use sha2::{Digest, Sha256};
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
    let options = load_options(&experiment.data);
    let (dataset, warning) = load(experiment, &options)?;
    let (train, validation) = match experiment.data.validation_fraction {
        0.0 => (dataset.train, None),
        fraction => {
            let (train, validation) = fude_data::cut(&dataset.train, fraction, experiment.data.split_seed)?;
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
    LoadOptions { test_fraction: data.test_fraction, split_seed: data.split_seed, limit: data.limit, size: data.size }
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

    /// A short hash of the training images and labels, by which a resumed run knows its data again.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.train.pixels);
        hash.update(&self.train.labels);
        hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
