//! A model's scores on a split.

use fude_data::Split;
use fude_engine::{DeviceData, Engine, EngineError, Logits, View};
use fude_record::{Answers, Calibration, Evaluation, Hard, Labelled, Mistake, evaluate, hardest, worst_mistakes};
use std::time::Instant;

/// Scores, and the logits from which all that is asked about single images follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Loss, accuracy, confusion counts.
    pub evaluation: Evaluation,
    /// The logits `[N, O]` that all of it comes from.
    pub logits: Logits,
    /// The labels `[N]`.
    pub labels: Vec<u8>,
}

/// How many of the worst mistakes are named.
const MISTAKES: usize = 40;

/// Evaluates the engine's first model on images that are on its device.
///
/// # Errors
/// Device errors.
pub fn score(engine: &mut dyn Engine, images: &DeviceData, view: View<'_>) -> Result<Scored, EngineError> {
    let started = Instant::now();
    let logits = engine.logits(0, images, view)?;
    let scored = Scored::of(&logits, images.labels());
    tracing::debug!("{} images evaluated in {:.3} s", images.len(), started.elapsed().as_secs_f64());
    Ok(scored)
}

impl Scored {
    /// Whether the model is right as often as it is sure; at the temperature that fits another split, where one is given.
    pub fn calibration(&self, validation: Option<&Self>) -> Calibration {
        Calibration::of(self.labelled(), validation.map(Self::labelled))
    }

    fn labelled(&self) -> Labelled<'_> {
        Labelled { logits: &self.logits.values, labels: &self.labels, classes: self.logits.classes }
    }

    /// From logits `[N, O]` and labels `[N]`.
    pub fn of(logits: &Logits, labels: &[u8]) -> Self {
        let evaluation = evaluate(&logits.values, labels, logits.classes);
        Self { evaluation, logits: logits.clone(), labels: labels.to_owned() }
    }

    /// The most confident mistakes.
    pub fn mistakes(&self) -> Vec<Mistake> {
        worst_mistakes(&self.logits.values, &self.labels, self.logits.classes, MISTAKES)
    }

    /// What is left, and how right it is, where less confident answers are kept back.
    pub fn answers(&self) -> Vec<Answers> {
        self.labelled().answers()
    }

    /// Each mistake with its image `[H, W]`.
    pub fn mistaken_images<'a>(&self, split: &'a Split) -> Vec<(&'a [u8], Mistake)> {
        self.mistakes().into_iter().map(|mistake| (split.image(mistake.index), mistake)).collect()
    }

    /// For each class `[O]` its `limit` images that are least held to be of it, each `[H, W]`.
    pub fn hardest_images<'a>(&self, split: &'a Split, limit: usize) -> Vec<Vec<(&'a [u8], Hard)>> {
        let classes = hardest(&self.logits.values, &self.labels, self.logits.classes, limit);
        let with_image = |hard: Hard| (split.image(hard.index), hard);
        classes.into_iter().map(|of| of.into_iter().map(with_image).collect()).collect()
    }
}
