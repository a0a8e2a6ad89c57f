//! What can end a fetch.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::RemoteFile;

/// One address and what happened there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFailure {
    /// The file's whole address.
    pub address: String,
    /// Why it did not deliver the file.
    pub reason: String,
}

/// Why a data set could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No set of that name is known.
    #[error("no data set `{found}` to fetch: expected kmnist, fashion or mnist")]
    UnknownSet {
        /// The name that was asked for.
        found: String,
    },
    /// The mirror is no address that can be asked.
    #[error("mirror `{found}`: expected an address that begins with http:// or https://")]
    BadMirror {
        /// The mirror that was given.
        found: String,
    },
    /// A file or folder could not be made, read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// No address delivered the right file.
    #[error("{}", no_source(name, failures, by_hand))]
    NoSource {
        /// The file that could not be had.
        name: String,
        /// Every address that was tried, in order.
        failures: Vec<SourceFailure>,
        /// How to provide the files without this program.
        by_hand: String,
    },
}

impl FetchError {
    /// For `map_err` on what was tried with `path`.
    pub(super) fn disk(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Disk { path, action, source }
    }
}

fn no_source(name: &str, failures: &[SourceFailure], by_hand: &str) -> String {
    let mut text = format!("no address delivered `{name}`:\n");
    for SourceFailure { address, reason } in failures {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {address}: {reason}");
    }
    text + by_hand
}

/// What a person without a network, or with another mirror, can do.
pub(super) fn by_hand(files: &[RemoteFile], directory: &Path) -> String {
    let mut text = format!(
        "to provide the files by hand, put them into {} (packed anew is fine, the unpacked content decides), or name a \
         mirror that has them:",
        directory.display()
    );
    for RemoteFile { name, raw_md5, .. } in files {
        let _ = write!(text, "\n  {name}, MD5 of its unpacked content {raw_md5}");
    }
    text
}
