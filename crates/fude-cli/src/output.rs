//! Files that a command writes where the user says: whole or not at all, and over another only where asked.

use crate::exit::Stopped;
use anyhow::{Context, Result, bail};
use fude_record::{write_atomically, write_new};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where a command's result goes.
#[derive(clap::Args)]
pub(crate) struct Force {
    /// Replace the output file where it exists.
    #[arg(long)]
    force: bool,
}

impl Force {
    /// Refuses a file that is there, before any work is done for it; and always a folder or a device, which a new file would
    /// take the place of, and a file in a folder that is not there.
    pub(crate) fn check(&self, path: &Path) -> Result<()> {
        require_folder(path)?;
        if path.exists() && !path.is_file() {
            bail!("{} is no file", path.display());
        }
        if path.exists() && !self.force {
            bail!("{} exists; --force replaces it", path.display());
        }
        Ok(())
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let written = if self.force { write_atomically(path, bytes) } else { write_new(path, bytes) };
        match written {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !self.force => self.check(path),
            other => other.with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

/// There must be a folder for a file, before any work is done for it.
pub(crate) fn require_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.filter(|folder| !folder.is_dir()) else { return Ok(()) };
    let what = if folder.exists() { "is no folder" } else { "is not there" };
    bail!("cannot write {}: its folder {} {what}", path.display(), folder.display())
}

/// A picture's file, which any other name would hide.
pub(crate) fn require_png(path: &Path) -> Result<()> {
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png")) {
        return require_folder(path);
    }
    Err(Stopped::Usage(format!("{}: expected a picture's name, FILE.png", path.display())).into())
}

/// `name.end` beside a file.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    path.with_extension(end)
}
