//! One process at a time fetches into a folder: two would write into the same partial files.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{FetchError, Progress};

/// Waits for the folder's lock, which lasts as long as the returned file is open.
///
/// The lock file stays behind, empty: removing it would let a third process lock a new one beside a waiting second.
pub(super) fn lock(directory: &Path, progress: &mut dyn Progress) -> Result<File, FetchError> {
    let path = directory.join(".fetch.lock");
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = open.map_err(FetchError::disk(&path, "write"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress.waiting(directory);
            file.lock().map_err(FetchError::disk(&path, "lock"))?;
        }
        // A file system without locks: go on as if alone, as programs without locks do.
        Err(TryLockError::Error(_)) => {}
    }
    Ok(file)
}
