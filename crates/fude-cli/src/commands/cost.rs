//! What a smaller form of a model costs, measured without a look at the test split.

use crate::model_data::logits;
use crate::table::{loss, percent, table};
use anyhow::Result;
use fude_data::Split;
use fude_model::StoredModel;
use fude_train::{Prepared, Scored};
use std::sync::Arc;

/// A model and its smaller form on the validation split, or the training images where there is none.
pub(crate) struct Cost {
    pub(crate) split: &'static str,
    pub(crate) samples: usize,
    /// As it was, and smaller.
    pub(crate) scored: [Scored; 2],
    /// Share of images that get the same class from both.
    pub(crate) same_class: f64,
}

impl Cost {
    pub(crate) fn measure(name: &str, models: [StoredModel; 2], data: &Prepared) -> Result<Self> {
        let (split, images): (_, &Arc<Split>) = match &data.validation {
            Some(images) => ("validation", images),
            None => ("training", &data.train),
        };
        let [before, after] = models;
        let (before, after) = (logits(name, before, data, images)?, logits(name, after, data, images)?);
        let same = before.predictions().zip(after.predictions()).filter(|(a, b)| a == b).count();
        let samples = images.len();
        let scored = [before, after].map(|logits| Scored::of(&logits, &images.labels));
        Ok(Self { split, samples, scored, same_class: same as f64 / samples.max(1) as f64 })
    }

    /// A row each; `header` ends with accuracy and loss, `rows` begin without them.
    pub(crate) fn table(&self, header: &[&str], rows: [Vec<String>; 2]) -> String {
        let row = |(mut row, scored): (Vec<String>, &Scored)| {
            let evaluation = &scored.evaluation;
            row.extend([percent(Some(evaluation.accuracy)), loss(Some(evaluation.loss))]);
            row
        };
        table(header, rows.into_iter().zip(&self.scored).map(row).collect())
    }

    pub(crate) fn words(&self, data: &Prepared) -> String {
        let (split, samples, same) = (self.split, self.samples, percent(Some(self.same_class)));
        format!("\nmeasured on {samples} {split} images of {}; {same} get the same class", data.dataset)
    }
}
