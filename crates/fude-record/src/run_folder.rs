//! The folder that a run leaves: `runs/<name>/<UTC time>-s<seed>/`.

use crate::{EpochRecord, Experiment, SUMMARY_SCHEMA, Summary};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The names of the files in a run folder.
pub mod file {
    /// The complete experiment, written before training starts.
    pub const EXPERIMENT: &str = "experiment.toml";
    /// A line an epoch.
    pub const METRICS: &str = "metrics.jsonl";
    /// What the run reached; its presence means that the run has finished.
    pub const SUMMARY: &str = "summary.json";
    /// The final model: the weights that the summary's figures were measured with.
    pub const MODEL: &str = "best.safetensors";
    /// The final model with int8 weights, where someone asked for it.
    pub const INT8: &str = "int8.safetensors";
    /// The newest checkpoint.
    pub const CHECKPOINT: &str = "last.ckpt";
    /// The checkpoint before it, kept in case the newest is damaged.
    pub const PREVIOUS_CHECKPOINT: &str = "previous.ckpt";
    /// Loss and accuracy over epochs.
    pub const LEARNING_CURVE: &str = "learning_curve.png";
    /// Confusion counts.
    pub const CONFUSION_MATRIX: &str = "confusion_matrix.png";
    /// The worst mistakes.
    pub const MISTAKES: &str = "mistakes.png";
}

/// How the names of files begin that are still being written.
const TEMPORARY: &str = ".fude-";

/// A run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// What can be wrong with a run folder.
#[derive(Debug, thiserror::Error)]
pub enum RunFolderError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is no run folder.
    #[error("{}: not a run folder (it has no {missing})", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// The file it lacks.
        missing: &'static str,
    },
    /// Another process has the run.
    #[error("{}: another fude is working on this run", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the run cannot be understood.
    #[error("{}: {why}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl RunFolder {
    /// Makes a new folder under `root` for an experiment and writes `experiment.toml` into it.
    ///
    /// # Errors
    /// Where the folder or the file cannot be written.
    pub fn create(root: &Path, experiment: &Experiment) -> Result<Self, RunFolderError> {
        let parent = root.join(&experiment.name);
        fs::create_dir_all(&parent).map_err(io_error(&parent))?;
        // Named only once the experiment is in it: a kill leaves no run that nobody can resume.
        let new = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(&parent).map_err(io_error(&parent))?;
        make_readable(new.path(), 0o755).map_err(io_error(new.path()))?;
        Self { path: new.path().to_owned() }.write_experiment(experiment)?;
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        first_free(new, &parent, &format!("{time}-s{}", experiment.train.seed))
    }

    /// Opens an existing run folder.
    ///
    /// # Errors
    /// Where it has no `experiment.toml`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let path = path.into();
        if path.join(file::EXPERIMENT).is_file() {
            Ok(Self { path })
        } else {
            Err(RunFolderError::NoRun { path, missing: file::EXPERIMENT })
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of one of its files, a constant of [`mod@file`].
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The experiment it belongs to.
    ///
    /// # Errors
    /// Where the file is unreadable or from a version with other keys.
    pub fn experiment(&self) -> Result<Experiment, RunFolderError> {
        let path = self.file(file::EXPERIMENT);
        Experiment::load(&path, &[]).map_err(|error| RunFolderError::Corrupt { path, why: error.to_string() })
    }

    /// Replaces the recorded experiment, when a run is extended.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_experiment(&self, experiment: &Experiment) -> Result<(), RunFolderError> {
        let path = self.file(file::EXPERIMENT);
        let text = experiment
            .to_toml()
            .map_err(|error| RunFolderError::Corrupt { path: path.clone(), why: error.to_string() })?;
        write_atomically(&path, text.as_bytes()).map_err(io_error(&path))
    }

    /// Whether the run has come to its end.
    pub fn is_finished(&self) -> bool {
        self.file(file::SUMMARY).is_file()
    }

    /// The summary, where the run has finished.
    ///
    /// # Errors
    /// Where the file is absent, unreadable, or from another version.
    pub fn summary(&self) -> Result<Summary, RunFolderError> {
        let path = self.file(file::SUMMARY);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        let other = |why: String| RunFolderError::Corrupt {
            why: format!("not a summary of this version of fude: {why}"),
            path: path.clone(),
        };
        let summary: Summary = serde_json::from_slice(&bytes).map_err(|error| other(error.to_string()))?;
        match summary.schema {
            SUMMARY_SCHEMA => Ok(summary),
            found => Err(other(format!("expected schema {SUMMARY_SCHEMA}, found {found}"))),
        }
    }

    /// Writes the summary, which marks the run as finished.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_summary(&self, summary: &Summary) -> Result<(), RunFolderError> {
        let path = self.file(file::SUMMARY);
        let text = serde_json::to_string_pretty(summary)
            .map_err(|error| RunFolderError::Corrupt { path: path.clone(), why: error.to_string() })?;
        write_atomically(&path, format!("{text}\n").as_bytes()).map_err(io_error(&path))
    }

    /// Takes summary and models away, and what a kill left half-written: the run goes on.
    ///
    /// # Errors
    /// Where the summary is there and cannot be removed.
    pub fn reopen(&self) -> Result<(), RunFolderError> {
        for entry in fs::read_dir(&self.path).map_err(io_error(&self.path))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                let _ = fs::remove_file(entry.path());
            }
        }
        // The models too: they are no longer what the run has come to.
        for path in [file::SUMMARY, file::MODEL, file::INT8].map(|name| self.file(name)) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&path)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Appends an epoch to `metrics.jsonl`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn append_metrics(&self, record: &EpochRecord) -> Result<(), RunFolderError> {
        let path = self.file(file::METRICS);
        let line = metrics_line(&path, record)?;
        let append = || OpenOptions::new().create(true).append(true).open(&path)?.write_all(line.as_bytes());
        append().map_err(io_error(&path))
    }

    /// The recorded epochs. A last line cut short by a kill is left out.
    ///
    /// # Errors
    /// Where the file is there and a line before the last is not an epoch's.
    pub fn metrics(&self) -> Result<Vec<EpochRecord>, RunFolderError> {
        let path = self.file(file::METRICS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(&path)(error)),
        };
        let lines: Vec<&str> = text.lines().collect();
        let mut records = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            match serde_json::from_str(line) {
                Ok(record) => records.push(record),
                Err(_) if index + 1 == lines.len() => break,
                Err(error) => {
                    let why = format!("line {}: not an epoch's record: {error}", index + 1);
                    return Err(RunFolderError::Corrupt { path, why });
                }
            }
        }
        Ok(records)
    }

    /// Replaces `metrics.jsonl` by these epochs: a resumed run begins with those of its checkpoint.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn rewrite_metrics(&self, records: &[EpochRecord]) -> Result<(), RunFolderError> {
        let path = self.file(file::METRICS);
        let mut text = String::new();
        for record in records {
            text.push_str(&metrics_line(&path, record)?);
        }
        write_atomically(&path, text.as_bytes()).map_err(io_error(&path))
    }
}

fn metrics_line(path: &Path, record: &EpochRecord) -> Result<String, RunFolderError> {
    let line = serde_json::to_string(record)
        .map_err(|error| RunFolderError::Corrupt { path: path.to_owned(), why: error.to_string() })?;
    Ok(line + "\n")
}

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

/// Renames a folder to `name`, or to `name-2`, `name-3`, ... where runs of the same second are there already.
fn first_free(folder: tempfile::TempDir, parent: &Path, name: &str) -> Result<RunFolder, RunFolderError> {
    let mut path = parent.join(name);
    for attempt in 2u32.. {
        // Renaming onto an empty folder works on some systems, so existing ones are skipped first.
        if !path.exists() {
            match fs::rename(folder.path(), &path) {
                Ok(()) => break,
                Err(_) if path.exists() => {}
                Err(error) => return Err(io_error(&path)(error)),
            }
        }
        path = parent.join(format!("{name}-{attempt}"));
    }
    // It is no temporary folder any more.
    let _ = folder.keep();
    Ok(RunFolder { path })
}

/// tempfile makes what it makes private; a run's files are as readable as any others.
fn make_readable(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    let _ = (path, mode);
    Ok(())
}

/// Writes a file so that a reader sees the old content or the new, never half of it: temporary name, sync, rename.
///
/// # Errors
/// What the system says; the old file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    make_readable(temporary.path(), 0o644)?;
    temporary.persist(path).map_err(|error| error.error)?;
    // The rename itself is durable once the folder is synced; not every platform can.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RunFolderError + '_ {
    move |source| RunFolderError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment() -> Experiment {
        Experiment::parse("name = \"x\"\ndataset = \"kana\"\n", "e.toml", &[]).unwrap()
    }

    fn record(epoch: u32) -> EpochRecord {
        EpochRecord {
            epoch,
            train_loss: 0.1 + 0.2,
            train_accuracy: 0.5,
            val_loss: None,
            val_accuracy: None,
            test_loss: Some(1.0 / 3.0),
            test_accuracy: None,
            learning_rate: 1e-3,
            seconds: 0.5,
        }
    }

    #[test]
    fn two_runs_of_one_second_get_two_folders() {
        let root = tempfile::tempdir().unwrap();
        let first = RunFolder::create(root.path(), &experiment()).unwrap();
        let second = RunFolder::create(root.path(), &experiment()).unwrap();
        assert_ne!(first, second);
        assert_eq!(list_runs(root.path(), Some("x")).unwrap().len(), 2);
        assert_eq!(first.experiment().unwrap(), experiment());
    }

    #[test]
    fn metrics_survive_a_line_cut_short_and_are_replaced_on_resume() {
        let root = tempfile::tempdir().unwrap();
        let run = RunFolder::create(root.path(), &experiment()).unwrap();
        for epoch in 1..=3 {
            run.append_metrics(&record(epoch)).unwrap();
        }
        let path = run.file(file::METRICS);
        let mut text = fs::read_to_string(&path).unwrap();
        text.truncate(text.len() - 10);
        fs::write(&path, text).unwrap();
        assert_eq!(run.metrics().unwrap(), [record(1), record(2)]);
        run.rewrite_metrics(&[record(1)]).unwrap();
        run.append_metrics(&record(2)).unwrap();
        assert_eq!(run.metrics().unwrap(), [record(1), record(2)]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        write_atomically(&path, b"old").unwrap();
        let as_folder = root.path().join("folder");
        fs::create_dir(&as_folder).unwrap();
        fs::write(as_folder.join("inside"), b"x").unwrap();
        assert!(write_atomically(&as_folder, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_without_an_experiment_is_no_run() {
        let root = tempfile::tempdir().unwrap();
        let error = RunFolder::open(root.path()).unwrap_err();
        assert!(error.to_string().ends_with("not a run folder (it has no experiment.toml)"), "{error}");
    }
}
