//! Predictions in words.

use console::measure_text_width;
use fude_predict::{Class, Classifier, Prediction};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The widest path that lines are aligned to; longer ones push their line to the right.
const WIDEST_PATH: usize = 60;

/// How the classes are written.
pub(super) struct Words {
    classes: Vec<Class>,
    path_width: usize,
    number_width: usize,
    name_width: usize,
}

impl Words {
    pub(super) fn new(classifier: &Classifier, paths: &[PathBuf]) -> Self {
        let classes = classifier.classes().to_vec();
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
        Self {
            path_width: widest(&mut paths.iter().map(|path| measure_text_width(&path.display().to_string())))
                .min(WIDEST_PATH),
            number_width: classes.len().saturating_sub(1).to_string().len(),
            name_width: widest(&mut classes.iter().map(|class| measure_text_width(&class.name))),
            classes,
        }
    }

    /// `scan.png  0 お o  98.31 %   9 を wo   1.02 %`
    pub(super) fn line(&self, path: &Path, predictions: &[Prediction]) -> String {
        let mut line = padded(&path.display().to_string(), self.path_width);
        for prediction in predictions {
            let name = self.classes.get(prediction.class).map_or("", |class| class.name.as_str());
            let (number, name) = (prediction.class, padded(name, self.name_width));
            let percent = 100.0 * prediction.probability;
            line += &format!("   {number:>width$} {name} {percent:>6.2} %", width = self.number_width);
        }
        line
    }

    pub(super) fn json(&self, path: &Path, predictions: &[Prediction]) -> Value {
        let predictions: Vec<Value> = predictions.iter().map(|prediction| self.class(*prediction)).collect();
        json!({ "path": path, "predictions": predictions })
    }

    fn class(&self, Prediction { class, probability }: Prediction) -> Value {
        let named = self.classes.get(class);
        let (name, character) = (named.map(|it| &it.name), named.and_then(|it| it.character.as_ref()));
        json!({ "class": class, "name": name, "character": character, "probability": probability })
    }
}

/// Filled up with blanks to a width on the terminal, where a kana is two wide.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}
