//! Models that look at images, once or more often: an ensemble, test-time augmentation.

use crate::exit::Stopped;
use crate::model_lookup::FoundModel;
use anyhow::Result;
use fude_data::Split;
use fude_engine::{Logits, Predictor};
use fude_model::StoredModel;
use fude_record::{Experiment, RunFolder};
use fude_train::{Looks, MeanProbabilities};
use std::sync::Arc;

/// A model, and how it looks at images beside looking at them as they are.
pub(super) struct Looking {
    pub(super) predictor: Predictor,
    pub(super) looks: Option<Looks>,
}

impl Looking {
    /// With so many looks; with none given, as many as its run has.
    pub(super) fn load(found: &FoundModel, model: StoredModel, count: Option<u32>) -> Result<Self> {
        let experiment = found.run.as_ref().map(RunFolder::experiment).transpose()?;
        let looks = experiment.as_ref().and_then(|experiment| looks_of(experiment, count));
        if count.is_some_and(|count| count > 0) && looks.is_none() {
            let why = match found.run {
                Some(_) => format!("--looks: {} was not trained on deformed images", found.name()),
                None => {
                    format!("--looks: a file does not say how images were deformed; name the run of {}", found.name())
                }
            };
            return Err(Stopped::Usage(why).into());
        }
        Ok(Self { predictor: Predictor::new(model)?, looks })
    }

    /// Looks beside the plain one; none where there is none.
    pub(super) fn count(&self) -> Option<u32> {
        self.looks.as_ref().map(Looks::count)
    }
}

/// The looks of a run's experiment, or `count` of its kind; none where there are none.
pub(super) fn looks_of(experiment: &Experiment, count: Option<u32>) -> Option<Looks> {
    let count = count.unwrap_or(experiment.eval.looks);
    experiment.augment.as_ref().filter(|_| count > 0).map(|augment| Looks::new(augment, count))
}

/// The logits of a model; of several, or of several looks at each image, the logs of their mean probabilities.
pub(super) fn together(models: &mut [Looking], split: &Arc<Split>) -> Result<Logits> {
    if let [Looking { predictor, looks: None }] = models {
        return Ok(predictor.logits(split)?);
    }
    // Each model counts as much as the others, however often it looks.
    let mut mean = MeanProbabilities::new(1.0);
    for Looking { predictor, looks } in models {
        let mut own = MeanProbabilities::new(1.0);
        own.add(&predictor.logits(split)?);
        for look in looks.iter().flat_map(|looks| looks.images(split)) {
            own.add(&predictor.logits(&Arc::new(look))?);
        }
        mean.add(&own.logits());
    }
    Ok(mean.logits())
}
