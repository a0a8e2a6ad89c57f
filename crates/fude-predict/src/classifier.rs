//! A trained model that is asked about images.

use crate::{Class, PredictError, Prediction, Preparer};
use fude_data::{Placement, Split};
use fude_engine::Predictor;
use fude_model::StoredModel;
use fude_record::Softmax;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A model, and the form of the images that it knows.
pub struct Classifier {
    predictor: Predictor,
    classes: Vec<Class>,
    preparer: Preparer,
}

impl Classifier {
    /// From a run's `best.safetensors`, or its int8 form.
    ///
    /// # Errors
    /// A file that is no model, or says of itself what does not fit its weights.
    pub fn open(path: &Path) -> Result<Self, PredictError> {
        let bytes = std::fs::read(path).map_err(|source| PredictError::Io { path: path.to_owned(), source })?;
        let model = StoredModel::from_bytes(&bytes)
            .map_err(|source| PredictError::ModelFile { path: path.to_owned(), source })?;
        Self::new(model)
    }

    /// From a model. Its metadata name the classes (`classes`, a line each), the images' size (`image_height`,
    /// `image_width`) and their [`Placement`] (`placement`). Without them classes are numbers, images square, and placed
    /// as KMNIST's are.
    ///
    /// # Errors
    /// Metadata that do not fit the weights; a model that no engine evaluates.
    pub fn new(model: StoredModel) -> Result<Self, PredictError> {
        let (inputs, outputs, metadata) = (model.config().inputs, model.config().outputs, model.metadata());
        let classes = classes(metadata, outputs)?;
        let [height, width] = size(metadata, inputs)?;
        let placement = placement(metadata, [height, width])?;
        Ok(Self { predictor: Predictor::new(model)?, classes, preparer: Preparer { placement, height, width } })
    }

    /// What its classes are called, `[O]`.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// What turns pictures into its images.
    pub fn preparer(&self) -> &Preparer {
        &self.preparer
    }

    /// Probabilities `[N, O]` of images `[N, H, W]`, all in one pass.
    ///
    /// # Errors
    /// Device errors.
    pub fn probabilities(&mut self, images: Vec<u8>) -> Result<Vec<f64>, PredictError> {
        let Preparer { height, width, .. } = self.preparer;
        let n = images.len() / (height * width);
        let split = Split { pixels: images, labels: vec![0; n], height, width };
        let logits = self.predictor.logits(&Arc::new(split))?;
        let rows = logits.values.chunks_exact(logits.classes);
        Ok(rows.flat_map(shares).collect())
    }

    /// The `top` likeliest classes of each of N images `[N, H, W]`, likeliest first.
    ///
    /// # Errors
    /// Device errors.
    pub fn classify(&mut self, images: Vec<u8>, top: usize) -> Result<Vec<Vec<Prediction>>, PredictError> {
        let outputs = self.classes.len();
        let probabilities = self.probabilities(images)?;
        Ok(probabilities.chunks_exact(outputs).map(|row| likeliest(row, top)).collect())
    }
}

/// The softmax of one image's logits.
fn shares(logits: &[f32]) -> Vec<f64> {
    let softmax = Softmax::new(logits);
    logits.iter().map(|&logit| (-softmax.loss(logit)).exp()).collect()
}

/// The largest probabilities; of equal ones, the first classes.
fn likeliest(probabilities: &[f64], top: usize) -> Vec<Prediction> {
    let mut all: Vec<Prediction> =
        probabilities.iter().enumerate().map(|(class, &probability)| Prediction { class, probability }).collect();
    all.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    all.truncate(top);
    all
}

fn classes(metadata: &BTreeMap<String, String>, outputs: usize) -> Result<Vec<Class>, PredictError> {
    let Some(text) = metadata.get("classes") else {
        return Ok((0..outputs).map(|class| Class::new(class.to_string())).collect());
    };
    let classes: Vec<Class> = text.split('\n').map(Class::new).collect();
    let (expected, found) = (format!("{outputs} classes"), format!("{} classes", classes.len()));
    if classes.len() == outputs { Ok(classes) } else { Err(PredictError::Metadata { key: "classes", expected, found }) }
}

fn size(metadata: &BTreeMap<String, String>, inputs: usize) -> Result<[usize; 2], PredictError> {
    let side = inputs.isqrt();
    let said = |key: &str| metadata.get(key).map(|text| text.parse().unwrap_or(0));
    let [height, width] = ["image_height", "image_width"].map(|key| said(key).unwrap_or(side));
    if height.checked_mul(width) == Some(inputs) {
        return Ok([height, width]);
    }
    let (expected, found) = (format!("an image size of {inputs} pixels"), format!("{height}x{width}"));
    Err(PredictError::Metadata { key: "image_height, image_width", expected, found })
}

fn placement(metadata: &BTreeMap<String, String>, [height, width]: [usize; 2]) -> Result<Placement, PredictError> {
    match metadata.get("placement") {
        Some(text) => text.parse().map_err(|_| PredictError::Metadata {
            key: "placement",
            expected: format!("such as '{}'", Placement::DEFAULT),
            found: text.chars().take(100).collect(),
        }),
        None => {
            let (x, y) = (width as f32 / 2.0, height as f32 / 2.0);
            Ok(Placement { side: height.max(width) as f32, x, y, ..Placement::DEFAULT })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{MlpConfig, ModelFile};

    fn model(inputs: usize, metadata: &[(&str, &str)]) -> StoredModel {
        let config = MlpConfig { inputs, hidden: vec![4], outputs: 3, ..Default::default() };
        let metadata = metadata.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        StoredModel::F32(ModelFile { parameters: fude_model::initialise(&config, 1), config, metadata })
    }

    const SIZE: [(&str, &str); 2] = [("image_height", "2"), ("image_width", "3")];

    #[test]
    fn probabilities_sum_to_one_and_the_likeliest_comes_first() {
        let mut classifier = Classifier::new(model(6, &SIZE)).unwrap();
        let images = vec![0, 50, 100, 150, 200, 250, 9, 9, 9, 0, 0, 0];
        let probabilities = classifier.probabilities(images.clone()).unwrap();
        assert!(probabilities.chunks(3).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        let ranked = classifier.classify(images, 2).unwrap();
        assert_eq!(ranked.len(), 2);
        for (row, ranked) in probabilities.chunks(3).zip(ranked) {
            let largest = row.iter().copied().fold(0.0, f64::max);
            assert_eq!((ranked.len(), ranked[0].probability, row[ranked[0].class]), (2, largest, largest));
        }
        assert!(classifier.classify(Vec::new(), 3).unwrap().is_empty());
    }

    #[test]
    fn a_model_without_metadata_has_numbered_classes() {
        let classifier = Classifier::new(model(9, &[])).unwrap();
        assert_eq!(classifier.classes()[2].name, "2");
        assert_eq!((classifier.preparer().height, classifier.preparer().placement.side), (3, 3.0));
    }

    #[test]
    fn metadata_that_do_not_fit_are_refused() {
        let table: [(&[(&str, &str)], &str); 4] = [
            (&[], "metadata image_height, image_width: expected an image size of 6 pixels, found '2x2'"),
            (&[("image_height", "x"), ("image_width", "3")], "found '0x3'"),
            (&[SIZE[0], SIZE[1], ("classes", "a\nb")], "metadata classes: expected 3 classes, found '2 classes'"),
            (&[SIZE[0], SIZE[1], ("placement", "somewhere")], "metadata placement: expected such as 'side=28"),
        ];
        for (metadata, expected) in table {
            let error = Classifier::new(model(6, metadata)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{error}");
        }
    }
}
