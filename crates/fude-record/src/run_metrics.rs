//! `metrics.jsonl`: a line an epoch, appended to.

use crate::run_folder::io_error;
use crate::{EpochRecord, RunFolder, RunFolderError, file, write_atomically};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

impl RunFolder {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_folder::tests::experiment;

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
            layers: vec![],
        }
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
}
