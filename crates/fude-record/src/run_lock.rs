//! One process at a time works on a run: a second `--resume` must not take a running one for one that was killed.

use crate::{RunFolder, RunFolderError};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::PathBuf;

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
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| RunFolderError::Io { path: path.clone(), source })?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(RunFolderError::Busy { path: self.path().to_owned() }),
            // A file system without locks: go on as if alone, as programs without locks do.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(RunLock { path, _file: file }),
        }
    }
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
