//! What a fetch tells while it works.

use std::path::Path;
use std::time::Duration;

use super::{FileReport, RemoteFile};

/// Hears what happens; every method does nothing by default, and `()` hears nothing.
///
/// Sizes are bytes of the packed file.
pub trait Progress {
    /// A file is begun: `present` of about `file.gz_bytes` bytes are there from an earlier, partial download.
    fn started(&mut self, file: &RemoteFile, present: u64) {
        let _ = (file, present);
    }

    /// `bytes` of `total` are there. Goes back to a smaller number where a download had to begin again.
    fn position(&mut self, file: &RemoteFile, bytes: u64, total: u64) {
        let _ = (file, bytes, total);
    }

    /// A file is in place, fetched or found there; `started` was called only if it had to be fetched.
    fn finished(&mut self, report: &FileReport) {
        let _ = report;
    }

    /// The same address is tried again after `pause`.
    fn retry(&mut self, address: &str, why: &str, pause: Duration) {
        let _ = (address, why, pause);
    }

    /// An address is given up; the next one follows, if any.
    fn source_failed(&mut self, address: &str, why: &str) {
        let _ = (address, why);
    }

    /// A file under the final name has the wrong content; it stays until a right one can replace it.
    fn found_wrong(&mut self, path: &Path, why: &str) {
        let _ = (path, why);
    }

    /// Another process is fetching into `directory`; this one waits until it is done.
    fn waiting(&mut self, directory: &Path) {
        let _ = directory;
    }
}

impl Progress for () {}
