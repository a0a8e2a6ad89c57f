//! Values out of range, and how they are told.

/// A value that is out of range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: expected {expected}, found {found}")]
pub struct RangeError {
    /// The key, dotted.
    pub key: String,
    /// What it may be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

pub(crate) fn check(good: bool, key: &str, expected: &str, found: impl ToString) -> Result<(), RangeError> {
    if good { Ok(()) } else { Err(range(key, expected, &found.to_string())) }
}

pub(crate) fn range(key: &str, expected: &str, found: &str) -> RangeError {
    RangeError { key: key.into(), expected: expected.into(), found: found.into() }
}
