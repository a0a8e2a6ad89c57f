//! How a download is shown: bars on a terminal, plain lines in a log.

use crate::ui::{Ui, print_err};
use fude_data::fetch::{FileReport, Outcome, Progress, RemoteFile};
use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};
use std::path::Path;
use std::time::{Duration, Instant};

/// The line of a file on a terminal: 77 columns with the longest of the names.
const BAR: &str = "{msg:26} {bar:14} {decimal_bytes:>9} of {decimal_total_bytes:9} {decimal_bytes_per_sec:>12}";
/// Between two lines about one file in a log.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar a file, drawn over itself.
pub(super) struct Bars {
    ui: Ui,
    tell_failures: bool,
    bar: ProgressBar,
}

/// A line now and then.
pub(super) struct Lines {
    ui: Ui,
    tell_failures: bool,
    last: Instant,
}

impl Bars {
    pub(super) fn new(ui: Ui, tell_failures: bool) -> Self {
        Self { ui, tell_failures, bar: ProgressBar::hidden() }
    }

    /// A note above the bar.
    fn note(&self, text: &str) {
        self.bar.suspend(|| self.ui.note(text));
    }
}

impl Progress for Bars {
    fn started(&mut self, file: &RemoteFile, present: u64) {
        self.bar = ProgressBar::new(file.gz_bytes).with_message(file.name.clone());
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            self.bar.set_style(style.progress_chars("━╸ "));
        }
        // Speed counts from here, not from the bytes of an earlier download.
        self.bar.set_position(present);
        self.bar.reset_eta();
        self.bar.tick();
    }

    fn position(&mut self, _: &RemoteFile, bytes: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(bytes);
    }

    fn finished(&mut self, report: &FileReport) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
        print_err(&done(report));
    }

    fn retry(&mut self, address: &str, why: &str, pause: Duration) {
        self.note(&again(address, why, pause));
    }

    fn source_failed(&mut self, address: &str, why: &str) {
        if self.tell_failures {
            self.note(&format!("{address}: {why}"));
        }
    }

    fn found_wrong(&mut self, path: &Path, why: &str) {
        self.note(&wrong(path, why));
    }

    fn waiting(&mut self, directory: &Path) {
        self.note(&busy(directory));
    }
}

impl Lines {
    pub(super) fn new(ui: Ui, tell_failures: bool) -> Self {
        Self { ui, tell_failures, last: Instant::now() }
    }
}

impl Progress for Lines {
    fn started(&mut self, file: &RemoteFile, present: u64) {
        let there = if present > 0 { format!(", {} already there", DecimalBytes(present)) } else { String::new() };
        print_err(&format!("{}: fetching about {}{there}", file.name, DecimalBytes(file.gz_bytes)));
        self.last = Instant::now();
    }

    fn position(&mut self, file: &RemoteFile, bytes: u64, total: u64) {
        if self.last.elapsed() >= LINE_EVERY {
            print_err(&format!("{}: {} of {}", file.name, DecimalBytes(bytes), DecimalBytes(total)));
            self.last = Instant::now();
        }
    }

    fn finished(&mut self, report: &FileReport) {
        print_err(&done(report));
    }

    fn retry(&mut self, address: &str, why: &str, pause: Duration) {
        self.ui.note(again(address, why, pause));
    }

    fn source_failed(&mut self, address: &str, why: &str) {
        if self.tell_failures {
            self.ui.note(format!("{address}: {why}"));
        }
    }

    fn found_wrong(&mut self, path: &Path, why: &str) {
        self.ui.note(wrong(path, why));
    }

    fn waiting(&mut self, directory: &Path) {
        self.ui.note(busy(directory));
    }
}

fn done(FileReport { name, outcome, .. }: &FileReport) -> String {
    match outcome {
        Outcome::AlreadyThere => format!("{name}: already there, checksum right"),
        Outcome::Completed => format!("{name}: complete from an earlier download, checksum right"),
        Outcome::Fetched { address } => format!("{name}: fetched from {address}, checksum right"),
    }
}

fn again(address: &str, why: &str, pause: Duration) -> String {
    format!("{address}: {why}; trying again in {:.1} s", pause.as_secs_f64())
}

fn wrong(path: &Path, why: &str) -> String {
    format!("{}: {why}; it stays until a right one can replace it", path.display())
}

fn busy(directory: &Path) -> String {
    format!("another process is fetching into {}; waiting for it", directory.display())
}
