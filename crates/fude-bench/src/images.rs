//! The images that are trained on.

use crate::{BenchError, RawImages};
use fude_data::{DataError, Split};
use fude_record::Experiment;
use fude_train::{Prepared, TrainError, fit_to_data, prepare};
use std::path::Path;
use std::sync::Arc;

/// N where nobody names data: that of the MNIST family.
pub const IMAGES: usize = 60_000;

/// An experiment as it is measured: on all its training images, to no end.
pub(crate) fn measured(mut experiment: Experiment) -> Experiment {
    experiment.fallback = None;
    experiment.early_stopping = None;
    experiment.data.validation_fraction = 0.0;
    experiment
}

/// What an experiment is measured on.
pub(crate) struct Images {
    /// What they are, in words.
    pub(crate) note: String,
    /// N, where the data must be repeated or cut to it.
    pub(crate) images: Option<usize>,
    pub(crate) data: Prepared,
}

/// The data that were named, or else 60,000 images: Fashion-MNIST where it is in the cache, or the built-in ones
/// repeated. Puts their name and shape into the experiment.
pub(crate) fn choose(experiment: &mut Experiment, named: Option<&str>) -> Result<Images, BenchError> {
    let (mut data, images) = match named {
        Some(name) => {
            experiment.dataset = name.to_owned();
            (prepare(experiment)?, None)
        }
        None => usual(experiment)?,
    };
    fit_to_data(experiment, &data);
    experiment.validate().map_err(|error| TrainError::Mismatch(error.to_string()))?;
    let different = data.train.len();
    if let Some(n) = images {
        data.train = repeated(&data.train, n);
    }
    let repeated = if different < data.train.len() { format!(" ({different} different ones)") } else { String::new() };
    let note = format!("{} images of {}{repeated}", data.train.len(), data.dataset);
    Ok(Images { note, images, data })
}

fn usual(experiment: &mut Experiment) -> Result<(Prepared, Option<usize>), BenchError> {
    // A limit was asked for: then that many.
    let images = experiment.data.limit.is_none().then_some(IMAGES);
    experiment.dataset = "fashion".into();
    match prepare(experiment) {
        Err(TrainError::Data(DataError::NotFound { .. })) => {
            experiment.dataset = "kana".into();
            Ok((prepare(experiment)?, images))
        }
        prepared => Ok((prepared?, images)),
    }
}

/// The first `n` images, beginning again where they end.
pub(crate) fn repeated(split: &Arc<Split>, n: usize) -> Arc<Split> {
    if split.len() == n || split.is_empty() {
        return Arc::clone(split);
    }
    let indices: Vec<u32> = (0..split.len() as u32).cycle().take(n).collect();
    Arc::new(split.select(&indices))
}

/// Leaves images as plain bytes in a folder.
pub(crate) fn write_raw(data: &Prepared, folder: &Path) -> Result<RawImages, BenchError> {
    let raw = RawImages {
        pixels: folder.join("pixels.u8"),
        labels: folder.join("labels.u8"),
        images: data.train.len(),
        inputs: data.train.inputs(),
        classes: data.outputs(),
    };
    std::fs::write(&raw.pixels, &data.train.pixels)?;
    std::fs::write(&raw.labels, &data.train.labels)?;
    Ok(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_repeated_from_the_beginning_or_cut() {
        let split = Arc::new(Split { pixels: vec![1, 2, 3], labels: vec![4, 5, 6], height: 1, width: 1 });
        let five = repeated(&split, 5);
        assert_eq!((&five.pixels[..], &five.labels[..]), (&[1, 2, 3, 1, 2][..], &[4, 5, 6, 4, 5][..]));
        assert_eq!(repeated(&split, 2).labels, [4, 5]);
        assert!(Arc::ptr_eq(&repeated(&split, 3), &split));
    }
}
