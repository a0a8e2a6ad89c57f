//! A model's scores on a split.

use fude_data::Split;
use fude_engine::{DeviceData, Engine, EngineError, View};
use fude_record::{Evaluation, Mistake, evaluate, worst_mistakes};

/// Scores with the images that were predicted worst.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Loss, accuracy, confusion counts.
    pub evaluation: Evaluation,
    /// The most confident mistakes.
    pub mistakes: Vec<Mistake>,
}

/// How many of the worst mistakes are kept.
const MISTAKES: usize = 40;

/// Evaluates the engine's first model on images that are on its device.
///
/// # Errors
/// Device errors.
pub fn score(engine: &mut dyn Engine, images: &DeviceData, view: View<'_>) -> Result<Scored, EngineError> {
    let logits = engine.logits(0, images, view)?;
    let (labels, classes) = (images.labels(), logits.classes);
    Ok(Scored {
        evaluation: evaluate(&logits.values, labels, classes),
        mistakes: worst_mistakes(&logits.values, labels, classes, MISTAKES),
    })
}

/// The images of mistakes, in their order.
impl Scored {
    /// Each mistake with its image `[H, W]`.
    pub fn mistaken_images<'a>(&self, split: &'a Split) -> Vec<(&'a [u8], Mistake)> {
        self.mistakes.iter().map(|&mistake| (split.image(mistake.index), mistake)).collect()
    }
}
