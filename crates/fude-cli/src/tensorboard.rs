//! `fude train --tensorboard`: what happens in a run, as event files in its folder.

use crate::plots::{Plots, pictures};
use crate::ui::Ui;
use anyhow::Result;
use fude_record::{Event, RunFolder};
use fude_report::EventFile;
use fude_train::Observer;

/// Hands events on, and writes them for TensorBoard where that was asked for.
pub(crate) struct WithTensorBoard<'a, O> {
    inner: &'a mut O,
    ui: Ui,
    wanted: bool,
    events: Option<EventFile>,
}

impl<'a, O: Observer> WithTensorBoard<'a, O> {
    pub(crate) fn new(inner: &'a mut O, wanted: bool, ui: Ui) -> Self {
        Self { inner, ui, wanted, events: None }
    }

    /// The file, to add pictures to.
    pub(crate) fn into_events(self) -> Option<EventFile> {
        self.events
    }

    /// Training goes on without event files where they cannot be written.
    fn give_up(&mut self, error: &fude_report::ReportError) {
        self.ui.warning(format!("no more events for TensorBoard: {error}"));
        (self.wanted, self.events) = (false, None);
    }

    fn write(&mut self, event: &Event) {
        let written = match (event, &mut self.events) {
            (Event::Started { folder: Some(folder), epochs_done, .. }, _) if self.wanted => {
                EventFile::create(folder, epochs_done + 1).map(|file| self.events = Some(file))
            }
            (Event::Epoch(record), Some(events)) => events.epoch(record),
            _ => Ok(()),
        };
        if let Err(error) = written {
            self.give_up(&error);
        }
    }
}

impl<O: Observer> Observer for WithTensorBoard<'_, O> {
    fn event(&mut self, event: &Event) {
        self.write(event);
        self.inner.event(event);
    }
}

/// Adds the run's pictures at its last epoch: `confusion_matrix`, `mistakes`.
pub(crate) fn add_pictures(events: &mut EventFile, run: &RunFolder, plots: &Plots<'_>) -> Result<()> {
    for (name, picture) in pictures(run, plots)? {
        let tag = name.trim_end_matches(".png");
        if tag != "learning_curve" {
            events.picture(tag, plots.summary.epochs, &picture)?;
        }
    }
    Ok(())
}
