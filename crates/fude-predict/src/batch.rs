//! Many picture files at once: read and prepared on all cores, then asked about in one pass.

use crate::{Classifier, PredictError, Prediction};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Files that are asked about in one pass: enough to keep all cores busy, few enough that a folder of millions needs no
/// more memory than one of thousands.
pub const BATCH: usize = 4_096;

/// What was made of a picture, and what the model says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// The image that the model was asked about, `[H, W]`.
    pub image: Vec<u8>,
    /// The likeliest classes, likeliest first.
    pub predictions: Vec<Prediction>,
}

/// Calls `each` with every path in its order and the `top` likeliest classes of the picture there. A file that is no
/// picture gives its error, and the others go on.
///
/// # Errors
/// Where the model cannot be evaluated.
pub fn predict_files(
    classifier: &mut Classifier,
    paths: &[PathBuf],
    top: usize,
    mut each: impl FnMut(&Path, Result<Recognised, PredictError>),
) -> Result<(), PredictError> {
    for paths in paths.chunks(BATCH) {
        let preparer = classifier.preparer();
        let images: Vec<Result<Vec<u8>, PredictError>> = paths.par_iter().map(|path| preparer.read(path)).collect();
        let pixels = images.iter().flatten().flatten().copied().collect();
        let mut ranked = classifier.classify(pixels, top)?.into_iter();
        for (path, image) in paths.iter().zip(images) {
            let recognised = image.map(|image| {
                // As many rankings as images.
                let predictions = ranked.next().unwrap_or_default();
                Recognised { image, predictions }
            });
            each(path, recognised);
        }
    }
    Ok(())
}
