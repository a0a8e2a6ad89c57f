//! What a fetch did.

use std::path::PathBuf;

/// How a file came to be in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there with the right content.
    AlreadyThere,
    /// All of its bytes were there from an earlier download that had been stopped before the check.
    Completed,
    /// It was downloaded.
    Fetched {
        /// The address that sent the last of it.
        address: String,
    },
}

/// One file in place, its content checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How it came there.
    pub outcome: Outcome,
}

/// All files in place, in the order asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// One entry a file.
    pub files: Vec<FileReport>,
}

impl FetchReport {
    /// How many files were not there before.
    pub fn new_files(&self) -> usize {
        self.files.iter().filter(|file| file.outcome != Outcome::AlreadyThere).count()
    }
}
