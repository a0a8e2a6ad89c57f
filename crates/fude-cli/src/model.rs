//! The model that a user means, ready to be asked about pictures.

use crate::model_data::run_data;
use crate::model_lookup::FoundModel;
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_data::Placement;
use fude_predict::Classifier;
use fude_record::RunFolder;
use std::path::{Path, PathBuf};

/// A model with the file it came from.
pub(crate) struct OpenModel {
    pub(crate) path: PathBuf,
    pub(crate) classifier: Classifier,
}

/// Opens the final model of a run, or a safetensors file.
pub(crate) fn open_model(text: &str, out: &Path, ui: Ui) -> Result<OpenModel> {
    let found = FoundModel::find(text, out, ui)?;
    let mut model = found.stored()?;
    if !model.metadata().contains_key("placement")
        && let Some(placement) = measured(found.run.as_ref(), ui)
    {
        model.metadata_mut().insert("placement".into(), placement.to_string());
    }
    let path = found.path;
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
