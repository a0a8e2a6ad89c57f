//! The model that a user means, ready to be asked about pictures.

use crate::commands::eval::run_data;
use crate::run_lookup::find_run;
use crate::ui::Ui;
use anyhow::{Context, Result, ensure};
use fude_data::Placement;
use fude_model::ModelFile;
use fude_predict::Classifier;
use fude_record::{RunFolder, file};
use std::path::{Path, PathBuf};

/// A model with the file it came from.
pub(crate) struct OpenModel {
    pub(crate) path: PathBuf,
    pub(crate) classifier: Classifier,
}

/// Opens the final model of a run, or a safetensors file.
pub(crate) fn open_model(text: &str, out: &Path, ui: Ui) -> Result<OpenModel> {
    let direct = Path::new(text);
    let run = if direct.is_file() { None } else { Some(find_run(text, out)?) };
    let path = run.as_ref().map_or_else(|| direct.to_owned(), |run| run.file(file::MODEL));
    if let Some(run) = &run {
        ensure!(path.is_file(), "{} has not finished: it has no {}", run.path().display(), file::MODEL);
    }
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut model = ModelFile::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))?;
    if !model.metadata.contains_key("placement")
        && let Some(placement) = measured(run.as_ref(), ui)
    {
        model.metadata.insert("placement".into(), placement.to_string());
    }
    let classifier = Classifier::new(model).with_context(|| format!("cannot use {}", path.display()))?;
    Ok(OpenModel { path, classifier })
}

/// How the run's data hold their ink, where the model file does not say so.
fn measured(run: Option<&RunFolder>, ui: Ui) -> Option<Placement> {
    let data = run.map(|run| run_data(run, None, ui));
    match data {
        Some(Ok(data)) => return Some(Placement::of(&data.train)),
        Some(Err(error)) => ui.warning(format!("{error:#}")),
        None => {}
    }
    ui.warning("the model does not say how its images hold their ink: taken to fill them, as in KMNIST");
    None
}
