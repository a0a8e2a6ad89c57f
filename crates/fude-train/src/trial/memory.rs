//! Trials that were made before, in one JSON file of the cache folder.

use super::Trial;
use fude_record::write_atomically;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

const NAME: &str = "device-trials.json";
const SCHEMA: u32 = 1;
/// The newest so many are kept.
const MOST: usize = 200;

/// Where trials are remembered. What cannot be read or written is as if it were not there: the next run tries again.
#[derive(Clone, Debug)]
pub struct TrialMemory {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Content {
    schema: u32,
    trials: Vec<Trial>,
}

impl TrialMemory {
    /// In the cache folder, where there is one.
    pub fn of_this_user() -> Option<Self> {
        fude_data::cache_dir().map(|folder| Self::in_folder(&folder))
    }

    /// In a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(NAME) }
    }

    /// Trials of this version, oldest first.
    pub fn trials(&self) -> Vec<Trial> {
        let content = std::fs::read(&self.path).ok().and_then(|bytes| serde_json::from_slice::<Content>(&bytes).ok());
        let trials = content.filter(|content| content.schema == SCHEMA).map(|content| content.trials);
        let mut trials = trials.unwrap_or_default();
        trials.retain(|trial| trial.version == env!("CARGO_PKG_VERSION"));
        trials
    }

    /// The trial of this work on this machine.
    pub(super) fn find(&self, machine: &str, work: &str) -> Option<Trial> {
        self.trials().into_iter().rev().find(|trial| trial.machine == machine && trial.work == work)
    }

    pub(super) fn remember(&self, trial: &Trial) {
        let mut trials = self.trials();
        trials.retain(|other| (&other.machine, &other.work) != (&trial.machine, &trial.work));
        trials.push(trial.clone());
        let trials = trials.split_off(trials.len().saturating_sub(MOST));
        if let Err(error) = self.write(&Content { schema: SCHEMA, trials }) {
            tracing::info!("a trial cannot be remembered in {}: {error}", self.path.display());
        }
    }

    fn write(&self, content: &Content) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        write_atomically(&self.path, &serde_json::to_vec_pretty(content)?)
    }

    /// Forgets all of them.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
