//! What is to be trained, as far as it decides which engine can.

use crate::Augmentation;
use fude_model::MlpConfig;

/// What a run asks of an engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    /// The model.
    pub model: MlpConfig,
    /// M, models of it at once.
    pub models: usize,
    /// B.
    pub batch: usize,
    /// N, images to train on.
    pub samples: usize,
    /// H and W of the images.
    pub image: [usize; 2],
    /// How images are deformed, at its strongest.
    pub augmentation: Option<Augmentation>,
    /// Whether samples are mixed.
    pub mixed: bool,
    /// Whether weights are pruned.
    pub pruned: bool,
}

impl Needs {
    /// A model by itself, on images as they are.
    pub fn new(model: &MlpConfig) -> Self {
        let image = [1, model.inputs];
        Self {
            model: model.clone(),
            models: 1,
            batch: 1,
            samples: 1,
            image,
            augmentation: None,
            mixed: false,
            pruned: false,
        }
    }
}
