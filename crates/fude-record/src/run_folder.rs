//! The folder that a run leaves: `runs/<name>/<UTC time>-s<seed>/`, with `-f<fold>` in cross-validation.

use crate::atomic::{TEMPORARY, make_readable, write_atomically};
use crate::{Experiment, SUMMARY_SCHEMA, Summary};
use std::path::{Path, PathBuf};
use std::{fs, io};

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
    /// The final model with its smallest weights at 0, where someone asked for it.
    pub const PRUNED: &str = "pruned.safetensors";
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
    /// The run as a page.
    pub const REPORT: &str = "report.html";
}

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
        let fold = experiment.data.fold.map_or(String::new(), |fold| format!("-f{fold}"));
        first_free(new, &parent, &format!("{time}-s{}{fold}", experiment.train.seed))
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

    /// The experiment of a finished run, on the data that it really had: those of its fallback also where the real data have
    /// come since.
    ///
    /// # Errors
    /// As [`RunFolder::experiment`] and [`RunFolder::summary`].
    pub fn experiment_as_run(&self) -> Result<Experiment, RunFolderError> {
        let mut experiment = self.experiment()?;
        if self.summary()?.dataset_fallback {
            experiment.dataset = experiment.fallback.take().unwrap_or(experiment.dataset);
        }
        Ok(experiment)
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
        for path in [file::SUMMARY, file::MODEL, file::INT8, file::PRUNED].map(|name| self.file(name)) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&path)(error)),
                _ => {}
            }
        }
        Ok(())
    }
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

/// For `map_err` on anything of `std::fs`.
pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RunFolderError + '_ {
    move |source| RunFolderError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn experiment() -> Experiment {
        Experiment::parse("name = \"x\"\ndataset = \"kana\"\n", "e.toml", &[]).unwrap()
    }

    #[test]
    fn a_folder_without_an_experiment_is_no_run() {
        let root = tempfile::tempdir().unwrap();
        let error = RunFolder::open(root.path()).unwrap_err();
        assert!(error.to_string().ends_with("not a run folder (it has no experiment.toml)"), "{error}");
    }
}
