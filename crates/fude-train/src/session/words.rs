//! What a run says before its first step, and what its model file says of it.

use super::Session;
use crate::request::selects_on_test;
use fude_data::Placement;
use fude_model::{ModelFile, Parameters};
use fude_record::{Event, Summary};
use std::collections::BTreeMap;

impl Session<'_> {
    /// Tells what the user should know before the first step.
    pub(super) fn announce(&mut self) {
        let mut events: Vec<Event> = self.data.warnings.iter().cloned().map(Event::Warning).collect();
        events.extend(self.data.notes.iter().cloned().map(Event::Note));
        events.extend(self.pruning().map(Event::Note));
        if self.experiment.eval.test_each_epoch {
            let selects = selects_on_test(&self.experiment);
            events.push(Event::Warning(if selects {
                "this experiment stops early on the TEST loss, as the published study did: its test figures are \
                 selected on the test split and measure nothing new"
                    .into()
            } else {
                "this experiment looks at the test split after each epoch, as the published study did; nothing is \
                 selected on it"
                    .into()
            }));
        }
        let info = self.engine.info();
        tracing::info!("engine: {} on the {} {} ({})", info.engine, info.device_kind, info.device, info.detail);
        events.push(Event::Started {
            folder: self.folder.as_ref().map(|folder| folder.path().to_owned()),
            epochs_done: self.progress.epoch,
            epochs: self.experiment.train.epochs,
            steps: self.steps(),
        });
        for event in &events {
            self.observer.event(event);
        }
    }

    pub(super) fn model_file(&self, values: Vec<f32>, summary: &Summary) -> ModelFile {
        let config = self.experiment.model.clone();
        let metadata = BTreeMap::from([
            ("fude_version".to_owned(), summary.version.clone()),
            ("experiment".to_owned(), summary.experiment.clone()),
            ("dataset".to_owned(), summary.dataset.clone()),
            ("classes".to_owned(), self.data.classes.join("\n")),
            ("image_height".to_owned(), self.data.train.height.to_string()),
            ("image_width".to_owned(), self.data.train.width.to_string()),
            ("placement".to_owned(), Placement::of(&self.data.train).to_string()),
            ("seed".to_owned(), summary.seed.to_string()),
            ("epochs".to_owned(), summary.epochs.to_string()),
        ]);
        ModelFile { parameters: Parameters { layout: config.layout(), values }, config, metadata }
    }
}
