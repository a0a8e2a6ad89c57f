//! One process at a time works on a run: a second `--resume` must not take a running one for one that was killed.

use crate::run_folder::io_error;
use crate::{RunFolder, RunFolderError};
use std::fs::{self, File, OpenOptions, TryLockError};
#[cfg(unix)]
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "run.lock";

/// Holds a run for as long as it lives. The system lets go of it also where the process is killed.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    _file: File,
}

impl RunFolder {
    /// Takes the run for this process.
    ///
    /// # Errors
    /// [`RunFolderError::Busy`] where another process has it; where the folder cannot be written.
    pub fn lock(&self) -> Result<RunLock, RunFolderError> {
        let path = self.file(NAME);
        let mut attempts = 0;
        loop {
            let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
            let file = opened.map_err(io_error(&path))?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(RunFolderError::Busy { path: self.path().to_owned() });
            }
            attempts += 1;
            // Locked, or on a file system without locks: then go on as if alone, as programs without locks do.
            if is_at(&file, &path) || attempts == MOST_ATTEMPTS {
                return Ok(RunLock { path, _file: file });
            }
        }
    }
}

/// Some file systems give a file another number each time: that must not end in an endless loop.
const MOST_ATTEMPTS: u32 = 10;

/// Whether the file is still the one at its path: whoever held the lock may have removed it after it was opened here,
/// and a third process have made and locked another.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    place(file.metadata()) == place(fs::metadata(path))
}

/// An open file keeps its path.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

impl Drop for RunLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Experiment, RunFolder};

    #[test]
    fn a_run_is_one_process_s_until_it_lets_go() {
        let root = tempfile::tempdir().unwrap();
        let experiment = Experiment::parse("name = \"x\"\ndataset = \"kana\"\n", "e.toml", &[]).unwrap();
        let run = RunFolder::create(root.path(), &experiment).unwrap();
        let lock = run.lock().unwrap();
        assert!(run.lock().unwrap_err().to_string().ends_with("another fude is working on this run"));
        drop(lock);
        drop(run.lock().unwrap());
        assert!(!run.file("run.lock").exists());
    }
}
