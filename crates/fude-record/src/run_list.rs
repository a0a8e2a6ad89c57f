//! The runs that a folder holds.

use crate::atomic::TEMPORARY;
use crate::run_folder::io_error;
use crate::{RunFolder, RunFolderError};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The runs under `root`, of one experiment or of all, oldest first.
///
/// # Errors
/// Where `root` is there and cannot be read.
pub fn list_runs(root: &Path, experiment: Option<&str>) -> Result<Vec<RunFolder>, RunFolderError> {
    let parents = match experiment {
        Some(name) => vec![root.join(name)],
        None => sub_folders(root)?,
    };
    let mut runs = Vec::new();
    for parent in parents {
        runs.extend(sub_folders(&parent)?.into_iter().filter_map(|path| RunFolder::open(path).ok()));
    }
    Ok(runs)
}

fn sub_folders(path: &Path) -> Result<Vec<PathBuf>, RunFolderError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(path)(error)),
    };
    let finished = |name: &std::ffi::OsStr| !name.to_string_lossy().starts_with(TEMPORARY);
    let entries = entries.flatten().filter(|entry| finished(&entry.file_name()));
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_folder::tests::experiment;

    #[test]
    fn two_runs_of_one_second_get_two_folders() {
        let root = tempfile::tempdir().unwrap();
        let first = RunFolder::create(root.path(), &experiment()).unwrap();
        let second = RunFolder::create(root.path(), &experiment()).unwrap();
        assert_ne!(first, second);
        assert_eq!(list_runs(root.path(), Some("x")).unwrap().len(), 2);
        assert_eq!(first.experiment().unwrap(), experiment());
    }
}
