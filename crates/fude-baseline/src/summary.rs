//! A baseline's figures in the form of a run's, so that tables can show them side by side.

use fude_data::Split;
use fude_record::{Summary, accuracy_of, class_metrics, confusion_of};

/// Which method, on what.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is called in tables: `4-nn`.
    pub name: String,
    /// What stands where a network's shape does.
    pub model: String,
    /// The data set's name.
    pub dataset: String,
    /// Class names, `[O]`.
    pub classes: Vec<String>,
    /// K and index, where the test split is a fold of a cross-validation.
    pub fold: Option<(u32, u32)>,
    /// The test images' fingerprint, by which runs are paired.
    pub test_fingerprint: Option<String>,
    /// The processor.
    pub device: String,
}

impl Setting {
    /// The summary of a method that predicted these classes `[N]` for the test images and has neither epochs nor losses.
    pub fn summary(&self, train: &Split, test: &Split, predicted: &[u8], seconds: f64) -> Summary {
        let confusion =
            confusion_of(predicted.iter().map(|&class| usize::from(class)), &test.labels, self.classes.len());
        Summary {
            experiment: self.name.clone(),
            dataset: self.dataset.clone(),
            train_samples: train.len(),
            test_samples: test.len(),
            model: self.model.clone(),
            engine: "baseline".to_owned(),
            device: self.device.clone(),
            device_kind: "cpu".to_owned(),
            deterministic: "bitwise".to_owned(),
            folds: self.fold.map(|(folds, _)| folds),
            fold: self.fold.map(|(_, fold)| fold),
            test_accuracy: Some(accuracy_of(&confusion)),
            seconds,
            per_class: class_metrics(&confusion, &self.classes),
            confusion,
            test_fingerprint: self.test_fingerprint.clone(),
            ..Summary::unmeasured()
        }
    }
}
