//! A model's scores on a split.

use fude_data::Split;
use fude_engine::{DeviceData, Engine, EngineError, Logits, View};
use fude_record::{Calibration, Evaluation, Labelled, Mistake, evaluate, worst_mistakes};
use std::time::Instant;

/// Scores with the images that were predicted worst.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Loss, accuracy, confusion counts.
    pub evaluation: Evaluation,
    /// The most confident mistakes.
    pub mistakes: Vec<Mistake>,
    /// The logits `[N, O]` that all of it comes from.
    pub logits: Vec<f32>,
    /// The labels `[N]`.
    pub labels: Vec<u8>,
}

/// How many of the worst mistakes are kept.
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
        let classes = self.evaluation.confusion.len();
        Labelled { logits: &self.logits, labels: &self.labels, classes }
    }

    /// From logits `[N, O]` and labels `[N]`.
    pub fn of(logits: &Logits, labels: &[u8]) -> Self {
        Self {
            evaluation: evaluate(&logits.values, labels, logits.classes),
            mistakes: worst_mistakes(&logits.values, labels, logits.classes, MISTAKES),
            labels: labels.to_vec(),
            logits: logits.values.clone(),
        }
    }

    /// The images of mistakes, in their order.
    ///
    /// Each mistake with its image `[H, W]`.
    pub fn mistaken_images<'a>(&self, split: &'a Split) -> Vec<(&'a [u8], Mistake)> {
        self.mistakes.iter().map(|&mistake| (split.image(mistake.index), mistake)).collect()
    }
}
