//! The `[data]` section: how the data are cut.

use crate::range::{RangeError, check, range};
use serde::{Deserialize, Serialize};

/// How the data are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Share of the training images held out as the test split where a folder has no test files; 0 means none.
    pub test_fraction: f64,
    /// Share of the training images held out for validation; 0 means none.
    pub validation_fraction: f64,
    /// Whether pixels are standardised by mean and standard deviation of the training images.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub standardize: bool,
    /// Decides which images are held out, whatever `train.seed` is.
    pub split_seed: u32,
    /// K: cross-validation. The training images are cut into K parts, `fold` says which is the test split, and test files
    /// are left alone; absent means no cross-validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// The part that is held out, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<u32>,
    /// Take only the first so many training images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Side in pixels to which folders of PNG or JPEG images are resized; 28 where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            test_fraction: 0.2,
            validation_fraction: 0.1,
            standardize: false,
            split_seed: 0,
            folds: None,
            fold: None,
            limit: None,
            size: None,
        }
    }
}

impl DataConfig {
    pub(crate) fn validate(&self) -> Result<(), RangeError> {
        let share = |x: f64| (0.0..=0.9).contains(&x);
        check(share(self.test_fraction), "data.test_fraction", "a share in [0, 0.9]", self.test_fraction)?;
        let validation = self.validation_fraction;
        check(share(validation), "data.validation_fraction", "a share in [0, 0.9]", validation)?;
        self.validate_fold()?;
        check(self.limit != Some(0), "data.limit", "1 or more images", 0)?;
        let size = self.size.unwrap_or(28);
        check((1..=256).contains(&size), "data.size", "1 to 256 pixels", size)
    }

    fn validate_fold(&self) -> Result<(), RangeError> {
        match (self.folds, self.fold) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(range("data.folds", "2 or more with data.fold", "none")),
            (Some(folds), _) if folds < 2 => Err(range("data.folds", "2 or more", &folds.to_string())),
            (Some(folds), Some(fold)) if fold < folds => Ok(()),
            (Some(folds), fold) => {
                let found = fold.map_or("none".to_owned(), |fold| fold.to_string());
                Err(range("data.fold", &format!("0 to {} with data.folds = {folds}", folds - 1), &found))
            }
        }
    }
}
