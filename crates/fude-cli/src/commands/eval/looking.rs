//! Models that look at images, once or more often: an ensemble, test-time augmentation.

use crate::exit::Stopped;
use crate::model_lookup::FoundModel;
use anyhow::Result;
use fude_data::Split;
use fude_engine::{Logits, Predictor};
use fude_model::StoredModel;
use fude_record::RunFolder;
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
        let looks = experiment.as_ref().and_then(|experiment| Looks::of(experiment, count));
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

    /// What it says of images, by all its looks at them.
    fn logits(&mut self, split: &Arc<Split>) -> Result<Logits> {
        let plain = self.predictor.logits(split)?;
        match &self.looks {
            Some(looks) => Ok(looks.mean(&plain, split, |look| self.predictor.logits(&look))?),
            None => Ok(plain),
        }
    }

    /// Looks beside the plain one; none where there is none.
    pub(super) fn count(&self) -> Option<u32> {
        self.looks.as_ref().map(Looks::count)
    }
}

/// The logits of a model; of several the logs of their mean probabilities, in which each counts as much as the others, however
/// often it looks.
pub(super) fn together(models: &mut [Looking], split: &Arc<Split>) -> Result<Logits> {
    if let [only] = models {
        return only.logits(split);
    }
    let mut mean = MeanProbabilities::new(1.0);
    for model in models {
        mean.add(&model.logits(split)?);
    }
    Ok(mean.logits())
}
