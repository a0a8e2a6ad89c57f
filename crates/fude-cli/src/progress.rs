//! What a person sees of a run in progress: a bar on a terminal, plain lines elsewhere.

use crate::table::{duration, percent};
use crate::ui::{Ui, columns, print_err};
use console::Term;
use fude_record::{EpochRecord, Event, StepProgress};
use fude_train::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Instant;

/// Columns that the line with a bar asks for: figures and times take some 85.
const WITH_BAR: usize = 100;

/// Shows a run's events.
pub(crate) struct ProgressDisplay {
    ui: Ui,
    /// Columns of the terminal; none where stderr is none.
    columns: Option<usize>,
    bar: Option<ProgressBar>,
    epochs: u32,
    steps: u32,
    started: Instant,
    epochs_before: u32,
    /// Training images a second, of the newest progress event.
    rate: f64,
    plain_lines: PlainLines,
    /// The newest epoch, where its line was left out.
    untold: Option<EpochRecord>,
}

impl ProgressDisplay {
    pub(crate) fn new(ui: Ui) -> Self {
        Self {
            ui,
            columns: columns(&Term::stderr()),
            bar: None,
            epochs: 0,
            steps: 0,
            started: Instant::now(),
            epochs_before: 0,
            rate: 0.0,
            plain_lines: PlainLines::default(),
            untold: None,
        }
    }

    fn start(&mut self, epochs_done: u32, epochs: u32, steps: u32) {
        (self.epochs, self.steps, self.epochs_before) = (epochs, steps, epochs_done);
        self.started = Instant::now();
        if self.ui.draws_progress() {
            let total = u64::from(epochs) * u64::from(steps);
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            // A line that wraps is drawn anew under itself; a message that does not fit is cut off instead.
            let template = if self.is_narrow() {
                "{prefix} {wide_msg} left {eta}"
            } else {
                "{prefix} {wide_bar:.cyan/dim} {msg} {elapsed_precise}, left {eta}"
            };
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(format!("epoch {}/{epochs}", epochs_done + 1));
            bar.set_position(u64::from(epochs_done) * u64::from(steps));
            bar.reset_eta();
            self.bar = Some(bar);
        }
    }

    fn step(&mut self, progress: &StepProgress) {
        self.rate = progress.samples_per_second;
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("epoch {}/{}", progress.epoch, self.epochs));
            bar.set_position(u64::from(progress.epoch - 1) * u64::from(self.steps) + u64::from(progress.step));
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        if let Some(bar) = &self.bar {
            let speed = if self.is_narrow() { String::new() } else { self.speed() };
            bar.set_position(u64::from(record.epoch) * u64::from(self.steps));
            bar.set_message(format!("{}{speed}", short_figures(record)));
        } else if self.plain_lines.is_due(record.epoch, self.epochs) {
            let done = f64::from((record.epoch - self.epochs_before).max(1));
            let left = self.started.elapsed().as_secs_f64() / done * f64::from(self.epochs - record.epoch);
            self.print_plain(record, left);
        } else {
            self.untold = Some(record.clone());
        }
    }

    fn print_plain(&mut self, record: &EpochRecord, seconds_left: f64) {
        self.untold = None;
        if !self.ui.quiet {
            print_err(&self.plain_line(record, &duration(seconds_left)));
        }
    }

    /// The last epoch of a run that ended early has its line, too.
    fn finish(&mut self) {
        if let Some(record) = self.untold.take() {
            self.print_plain(&record, 0.0);
        }
        self.clear();
    }

    fn is_narrow(&self) -> bool {
        self.columns.is_some_and(|columns| columns < WITH_BAR)
    }

    /// An epoch in a log, or on a terminal that nothing is drawn over: as much of it as fits.
    fn plain_line(&self, record: &EpochRecord, left: &str) -> String {
        let epoch = format!("epoch {:>3}/{}", record.epoch, self.epochs);
        let whole = format!("{epoch}  {}  {:.2} s{}, left {left}", figures(record), record.seconds, self.speed());
        match self.columns {
            Some(columns) if whole.chars().count() > columns => {
                let short = format!("epoch {}/{} {}", record.epoch, self.epochs, short_figures(record));
                let with_time = format!("{short}, left {left}");
                if with_time.chars().count() > columns { short } else { with_time }
            }
            _ => whole,
        }
    }

    /// `, 126k images/s`; nothing before the first progress event.
    fn speed(&self) -> String {
        match self.rate {
            0.0 => String::new(),
            rate if rate < 9_950.0 => format!(", {rate:.0} images/s"),
            rate => format!(", {:.0}k images/s", rate / 1000.0),
        }
    }

    /// Prints a line without tearing the bar.
    fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for ProgressDisplay {
    fn event(&mut self, event: &Event) {
        let ui = self.ui;
        match event {
            Event::Started { epochs_done, epochs, steps, .. } => self.start(*epochs_done, *epochs, *steps),
            Event::Note(text) => self.aside(|| ui.note(text)),
            Event::Warning(text) => self.aside(|| ui.warning(text)),
            Event::Step(progress) => self.step(progress),
            Event::Epoch(record) => self.epoch(record),
            Event::Finished(_) => self.finish(),
        }
    }
}

/// All of an epoch's figures.
fn figures(record: &EpochRecord) -> String {
    let mut text = format!("train {:.4} {}", record.train_loss, percent(Some(record.train_accuracy)));
    for (name, loss, accuracy) in held_out(record) {
        text += &format!("  {name} {loss:.4} {}", percent(accuracy));
    }
    text
}

/// The figures that fit beside a bar.
fn short_figures(record: &EpochRecord) -> String {
    let mut text = format!("train {:.3}", record.train_loss);
    for (name, loss, accuracy) in held_out(record) {
        text += &format!(" {name} {loss:.3} {}", percent(accuracy));
    }
    text
}

fn held_out(record: &EpochRecord) -> impl Iterator<Item = (&'static str, f64, Option<f64>)> {
    let splits = [("val", record.val_loss, record.val_accuracy), ("test", record.test_loss, record.test_accuracy)];
    splits.into_iter().filter_map(|(name, loss, accuracy)| Some((name, loss?, accuracy)))
}

/// Thins lines out in long runs with quick epochs: each of the first ten epochs, then one a second, and the last.
#[derive(Default)]
struct PlainLines {
    last: Option<Instant>,
}

impl PlainLines {
    fn is_due(&mut self, epoch: u32, epochs: u32) -> bool {
        let due = epoch <= 10 || epoch == epochs || self.last.is_none_or(|last| last.elapsed().as_secs() >= 1);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_the_terminal_is_wide() {
        let record = EpochRecord {
            epoch: 7,
            train_loss: 0.4,
            train_accuracy: 0.85,
            val_loss: Some(0.5),
            val_accuracy: Some(0.8),
            test_loss: Some(0.6),
            test_accuracy: Some(0.75),
            learning_rate: 1e-3,
            seconds: 0.25,
            layers: vec![],
        };
        let line = |columns| {
            let display =
                ProgressDisplay { columns, epochs: 20, rate: 126_000.0, ..ProgressDisplay::new(Ui::default()) };
            display.plain_line(&record, "3.2 s")
        };
        let whole = "epoch   7/20  train 0.4000 85.00 %  val 0.5000 80.00 %  test 0.6000 75.00 %  0.25 s, 126k images/s, \
                     left 3.2 s";
        assert_eq!((line(None).as_str(), line(Some(200)).as_str()), (whole, whole));
        let short = "epoch 7/20 train 0.400 val 0.500 80.00 % test 0.600 75.00 %";
        assert_eq!(line(Some(80)), format!("{short}, left 3.2 s"));
        assert_eq!(line(Some(60)), short);
    }
}
