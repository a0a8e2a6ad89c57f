//! Writes checkpoints on a thread of its own: the disk's time is not the trainer's.

use crate::{Checkpoint, CheckpointError};
use fude_record::{RunFolder, file, write_atomically};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// A thread that writes checkpoints into a run folder.
pub(crate) struct CheckpointWriter {
    sender: Option<SyncSender<Checkpoint>>,
    failures: Receiver<String>,
    /// Gives what became of the last checkpoint.
    thread: Option<JoinHandle<Result<(), CheckpointError>>>,
}

impl CheckpointWriter {
    pub(crate) fn new(folder: RunFolder) -> Self {
        // One may wait while one is written; a disk slower than that holds the trainer back.
        let (sender, checkpoints) = sync_channel::<Checkpoint>(1);
        let (failed, failures) = channel();
        let thread = std::thread::spawn(move || {
            // A damaged one must not take the place of the good one before it.
            let mut keeps_last = Checkpoint::read(&folder.file(file::CHECKPOINT)).is_ok();
            let mut outcome = Ok(());
            for checkpoint in checkpoints {
                outcome = write(&folder, &checkpoint, keeps_last);
                match &outcome {
                    Ok(()) => keeps_last = true,
                    Err(error) => drop(failed.send(error.to_string())),
                }
            }
            outcome
        });
        Self { sender: Some(sender), failures, thread: Some(thread) }
    }

    /// Hands a checkpoint over, and returns what went wrong with an earlier one.
    pub(crate) fn write(&self, checkpoint: Checkpoint) -> Option<String> {
        let failure = self.failures.try_recv().ok();
        if let Some(sender) = &self.sender {
            let _ = sender.send(checkpoint);
        }
        failure
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// Why the last checkpoint is not.
    pub(crate) fn finish(mut self) -> Result<(), CheckpointError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), CheckpointError> {
        self.sender = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|_| {
            let why = "not written: the thread that writes checkpoints panicked".to_owned();
            Err(CheckpointError::Corrupt { path: file::CHECKPOINT.into(), why })
        })
    }
}

/// An error on the way out must not lose a checkpoint that is still being written.
impl Drop for CheckpointWriter {
    fn drop(&mut self) {
        let _ = self.join();
    }
}

/// Writes `last.ckpt`; the one before becomes `previous.ckpt` where it is worth keeping.
fn write(folder: &RunFolder, checkpoint: &Checkpoint, keeps_last: bool) -> Result<(), CheckpointError> {
    let (last, previous) = (folder.file(file::CHECKPOINT), folder.file(file::PREVIOUS_CHECKPOINT));
    let started = Instant::now();
    let bytes = checkpoint.to_bytes().map_err(|why| CheckpointError::Corrupt { path: last.clone(), why })?;
    if keeps_last && last.exists() {
        std::fs::rename(&last, &previous).map_err(io_error(&previous))?;
    }
    write_atomically(&last, &bytes).map_err(io_error(&last))?;
    tracing::info!(
        "checkpoint after epoch {}, step {}: {} KiB written in {:.0} ms",
        checkpoint.progress.epoch,
        checkpoint.progress.step,
        bytes.len().div_ceil(1024),
        1000.0 * started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> CheckpointError + '_ {
    move |source| CheckpointError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint_bytes::tests::example;
    use crate::latest_checkpoint;
    use fude_record::Experiment;

    fn folder(root: &Path) -> RunFolder {
        let experiment = Experiment::parse("name = \"x\"\ndataset = \"kana\"\n", "e.toml", &[]).unwrap();
        RunFolder::create(root, &experiment).unwrap()
    }

    #[test]
    fn a_damaged_newest_checkpoint_leaves_the_one_before() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        let writer = CheckpointWriter::new(folder.clone());
        let mut newer = example();
        newer.progress.step += 1;
        writer.write(example());
        writer.write(newer.clone());
        writer.finish().unwrap();
        let (found, warning) = latest_checkpoint(&folder).unwrap().unwrap();
        assert_eq!((found, warning), (newer, None));

        std::fs::write(folder.file(file::CHECKPOINT), b"damaged").unwrap();
        let (found, warning) = latest_checkpoint(&folder).unwrap().unwrap();
        assert_eq!(found, example());
        assert!(warning.unwrap().contains("last.ckpt"));
    }

    #[test]
    fn a_damaged_newest_checkpoint_does_not_replace_the_good_one_before() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        std::fs::write(folder.file(file::PREVIOUS_CHECKPOINT), example().to_bytes().unwrap()).unwrap();
        std::fs::write(folder.file(file::CHECKPOINT), b"damaged").unwrap();
        let writer = CheckpointWriter::new(folder.clone());
        writer.write(example());
        writer.finish().unwrap();
        for name in [file::CHECKPOINT, file::PREVIOUS_CHECKPOINT] {
            assert_eq!(Checkpoint::read(&folder.file(name)).unwrap(), example(), "{name}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_with_its_path() {
        let root = tempfile::tempdir().unwrap();
        let folder = folder(root.path());
        std::fs::remove_dir_all(folder.path()).unwrap();
        let writer = CheckpointWriter::new(folder);
        writer.write(example());
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.contains("last.ckpt"), "{error}");
    }
}
