//! Downloads of the known data sets: official address, then mirrors; resumed, checked, and only then given its name.
//!
//! What decides is the MD5 of the *unpacked* content: a mirror may have packed the same bytes anew. A download lives in
//! `NAME.part` until that sum is right; whatever is already there under the final name stays until then. Nothing here
//! prints: what happens goes to a [`Progress`].

mod error;
mod fetcher;
mod lock;
mod options;
mod part;
mod patience;
mod progress;
mod report;
mod sources;
mod stop;
mod transfer;
mod verify;

use fetcher::Fetcher;

pub use error::{FetchError, SourceFailure};
pub use options::FetchOptions;
pub use progress::Progress;
pub use report::{FetchReport, FileReport, Outcome};
pub use sources::{RemoteFile, RemoteSet, sources};

/// Brings the four files of a known set into `options.directory`.
///
/// # Errors
///
/// As [`fetch_files`].
pub fn fetch(set: RemoteSet, options: &FetchOptions, progress: &mut dyn Progress) -> Result<FetchReport, FetchError> {
    fetch_files(&sources(set), options, progress)
}

/// Brings `files` into `options.directory`, in their order, and stops at the first that no address delivers.
///
/// Files that are there with the right content are left alone; if all are, the folder is not written to at all.
///
/// # Errors
///
/// [`FetchError::NoSource`] lists every address with what happened there. A folder or file that cannot be made, read or
/// written (disk full) ends the fetch at once, with its path: another address would not help.
pub fn fetch_files(
    files: &[RemoteFile],
    options: &FetchOptions,
    progress: &mut dyn Progress,
) -> Result<FetchReport, FetchError> {
    Fetcher::new(files, options, progress)?.run()
}
