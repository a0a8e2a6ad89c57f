//! What the model was shown, as files.

use crate::class_labels::class_labels;
use crate::exit::Stopped;
use crate::output::require_folder;
use anyhow::{Context, Result};
use fude_predict::{Classifier, Recognised};
use fude_report::{ClassLabel, grey_png, image_grid};
use std::fs;
use std::path::{Path, PathBuf};

/// Images of a class in a picture of them all.
const MOST_IN_A_ROW: usize = 20;

/// Where the prepared images go.
pub(super) struct Show {
    to: PathBuf,
    height: usize,
    width: usize,
    labels: Vec<ClassLabel>,
    /// For a picture of them all: the images of each predicted class.
    rows: Option<Vec<Vec<Vec<u8>>>>,
    written: usize,
}

impl Show {
    /// A folder, made where there is none, or a file whose name ends with `.png` and that is none of the pictures.
    pub(super) fn new(to: &Path, classifier: &Classifier, pictures: &[PathBuf]) -> Result<Self> {
        if let Ok(same) = to.canonicalize()
            && pictures.iter().any(|picture| picture.canonicalize().is_ok_and(|path| path == same))
        {
            return Err(Stopped::Usage(format!("--show {} would replace one of the pictures", to.display())).into());
        }
        let names: Vec<String> = classifier.classes().iter().map(|class| class.name.clone()).collect();
        let is_file = to.extension().is_some_and(|end| end.eq_ignore_ascii_case("png")) && !to.is_dir();
        if is_file {
            require_folder(to)?;
        } else {
            fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
        }
        let preparer = classifier.preparer();
        Ok(Self {
            to: to.to_owned(),
            height: preparer.height,
            width: preparer.width,
            rows: is_file.then(|| vec![Vec::new(); names.len()]),
            labels: class_labels(&names),
            written: 0,
        })
    }

    /// Takes the image that was made of a picture.
    pub(super) fn add(&mut self, path: &Path, found: &Recognised) -> Result<()> {
        self.written += 1;
        if let Some(rows) = &mut self.rows {
            let row = found.predictions.first().and_then(|prediction| rows.get_mut(prediction.class));
            if let Some(row) = row.filter(|row| row.len() < MOST_IN_A_ROW) {
                row.push(found.image.clone());
            }
            return Ok(());
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = self.to.join(format!("{:05}-{stem}.png", self.written));
        let png = grey_png(&found.image, self.height, self.width)?;
        fude_record::write_atomically(&file, &png).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Draws the picture of them all.
    pub(super) fn finish(self) -> Result<()> {
        let Some(rows) = &self.rows else { return Ok(()) };
        let shown: Vec<(ClassLabel, Vec<&[u8]>)> = self
            .labels
            .into_iter()
            .zip(rows)
            .filter(|(_, images)| !images.is_empty())
            .map(|(label, images)| (label, images.iter().map(Vec::as_slice).collect()))
            .collect();
        let title = format!("{} pictures as the model was shown them, by predicted class", self.written);
        image_grid(&shown, self.height, self.width, &title)
            .and_then(|picture| picture.save(&self.to))
            .with_context(|| format!("cannot draw {}", self.to.display()))
    }
}
