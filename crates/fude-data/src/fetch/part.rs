//! `NAME.part`: a download on its way to its final name.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::FetchError;

/// The partial file, kept for the next time unless it is empty or becomes the final one.
pub(super) struct Part {
    path: PathBuf,
    target: PathBuf,
    file: File,
    bytes: u64,
    /// Whether its first bytes came from an earlier run or from another address, which may have packed the file otherwise.
    foreign: bool,
}

impl Part {
    /// Opens the partial file that belongs to `target`, or makes an empty one.
    pub(super) fn open(target: &Path) -> Result<Self, FetchError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let open = || OpenOptions::new().append(true).create(true).open(&path);
        let file = open().map_err(FetchError::disk(&path, "write"))?;
        let bytes = file.metadata().map_err(FetchError::disk(&path, "read"))?.len();
        Ok(Self { path, target: target.to_owned(), file, bytes, foreign: bytes > 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// From here on, another address adds to what there is.
    pub(super) fn change_source(&mut self) {
        self.foreign = self.bytes > 0;
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.file.write_all(bytes).map_err(FetchError::disk(&self.path, "write"))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Throws away what there is.
    pub(super) fn restart(&mut self) -> Result<(), FetchError> {
        if self.bytes > 0 {
            self.file.set_len(0).map_err(FetchError::disk(&self.path, "write"))?;
        }
        (self.bytes, self.foreign) = (0, false);
        Ok(())
    }

    /// Gives the file its final name, replacing what was there; its bytes are on the disk before its name is.
    pub(super) fn promote(self) -> Result<(), FetchError> {
        self.file.sync_all().map_err(FetchError::disk(&self.path, "write"))?;
        fs::rename(&self.path, &self.target).map_err(FetchError::disk(&self.target, "write"))?;
        sync_folder(&self.target);
        Ok(())
    }
}

impl Drop for Part {
    /// Leaves no empty file behind. One with bytes is kept for the next time, or has its final name by now.
    fn drop(&mut self) {
        if self.bytes == 0 {
            // Nothing depends on it, and there is nobody left to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the new name last through a power cut, where the file system can.
fn sync_folder(target: &Path) {
    if cfg!(unix)
        && let Some(folder) = target.parent()
    {
        // Some network file systems refuse; the name is then as lasting as they make it.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}
