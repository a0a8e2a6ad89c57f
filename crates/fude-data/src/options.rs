//! How a set is loaded.

use crate::idx::MAX_SIDE;
use crate::{DataError, Fold};

/// The `[data]` settings of an experiment that concern loading.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadOptions {
    /// The share of the training images that becomes the test split where a folder has no test files, in [0, 1).
    /// 0: no test split. Default 0.2.
    pub test_fraction: f64,
    /// Which images those are. Default 0.
    pub split_seed: u32,
    /// Cross-validation: this part of the training images becomes the test split, whatever test files there are.
    pub fold: Option<Fold>,
    /// Takes the first n training images only, before a test split is cut from them; official test images stay whole.
    pub limit: Option<usize>,
    /// H and W of pictures read from class folders, 1 to 256; 28 where not given. Other files are never resized.
    pub size: Option<usize>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { test_fraction: 0.2, split_seed: 0, fold: None, limit: None, size: None }
    }
}

impl LoadOptions {
    /// Checks the ranges above.
    ///
    /// # Errors
    /// The first setting outside its range.
    pub fn check(&self) -> Result<(), DataError> {
        if !(0.0..1.0).contains(&self.test_fraction) {
            return Err(bad("data.test_fraction", "a number from 0 to below 1", &self.test_fraction));
        }
        self.fold.map_or(Ok(()), Fold::check)?;
        match (self.limit, self.size) {
            (Some(0), _) => Err(bad("data.limit", "at least 1", &0)),
            (_, Some(size)) if !(1..=MAX_SIDE).contains(&size) => Err(bad("data.size", "1 to 256", &size)),
            _ => Ok(()),
        }
    }
}

/// A setting outside its range.
pub(crate) fn bad(name: &'static str, expected: &str, found: &dyn std::fmt::Display) -> DataError {
    DataError::BadSetting { name, expected: expected.to_owned(), found: found.to_string() }
}
