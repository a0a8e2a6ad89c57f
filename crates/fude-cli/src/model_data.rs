//! The data that a model is measured on, and what it says of them.

use crate::exit::Stopped;
use crate::model_lookup::{FoundModel, recorded_cut};
use crate::run_lookup::require_finished;
use crate::ui::Ui;
use anyhow::{Context, Result, ensure};
use fude_data::Split;
use fude_engine::{Logits, Predictor};
use fude_model::StoredModel;
use fude_record::{Experiment, RunFolder, file};
use fude_train::{Prepared, compare_classes, prepare};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The data of a model, or others in their place: its run's, else what its file names, cut as the file says.
pub(crate) fn model_data(
    found: &FoundModel,
    metadata: &BTreeMap<String, String>,
    other: Option<&str>,
    ui: Ui,
) -> Result<Prepared> {
    if let Some(run) = &found.run {
        return run_data(run, other, ui);
    }
    let path = found.path.display();
    let recorded = metadata.get("dataset").map(String::as_str);
    let Some(dataset) = other.or(recorded) else {
        let why = format!("{path} does not say what data it was trained on: give --data NAME|DIR");
        return Err(Stopped::Usage(why).into());
    };
    if other.is_none() && !fude_data::SET_NAMES.contains(&dataset) && !Path::new(dataset).is_dir() {
        // A file goes from machine to machine, and where its data lie with it means nothing there.
        let why =
            format!("{path} was trained on '{dataset}' and does not say where that is: give its folder, --data DIR");
        return Err(Stopped::Usage(why).into());
    }
    let mut experiment = Experiment::parse("name = \"eval\"\ndataset = \"kana\"", "eval", &[])?;
    experiment.dataset = dataset.to_owned();
    match recorded_cut(metadata) {
        Some(cut) => experiment.data = cut,
        None => ui.note(format!(
            "{path} does not say how its data were cut: where splits are not in files of their own, images that it was \
             trained on may be among those evaluated"
        )),
    }
    prepared(&experiment, metadata, ui)
}

/// The data of a run, or others in their place, with their notes shown.
pub(crate) fn run_data(run: &RunFolder, other: Option<&str>, ui: Ui) -> Result<Prepared> {
    require_finished(run)?;
    let mut experiment = run.experiment_as_run()?;
    if let Some(name) = other {
        experiment.dataset = name.to_owned();
        experiment.fallback = None;
    }
    prepared(&experiment, final_model(run)?.metadata(), ui)
}

/// The data of an experiment, whose classes must be those that the model's metadata name.
fn prepared(experiment: &Experiment, metadata: &BTreeMap<String, String>, ui: Ui) -> Result<Prepared> {
    let data = prepare(experiment)?;
    data.notes.iter().for_each(|note| ui.note(note));
    data.warnings.iter().for_each(|warning| ui.warning(warning));
    if let Some(warning) = compare_classes(metadata, &data)? {
        ui.warning(warning);
    }
    Ok(data)
}

/// The model that a finished run has come to.
pub(crate) fn final_model(run: &RunFolder) -> Result<StoredModel> {
    let path = run.file(file::MODEL);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    StoredModel::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))
}

/// The logits `[N, O]` of a model for a split.
pub(crate) fn logits(name: &str, model: StoredModel, data: &Prepared, split: &Arc<Split>) -> Result<Logits> {
    require_classes(name, &model, data)?;
    Ok(Predictor::new(model)?.logits(split)?)
}

pub(crate) fn require_classes(name: &str, model: &StoredModel, data: &Prepared) -> Result<()> {
    let (expected, found) = (model.config().outputs, data.outputs());
    ensure!(expected == found, "{name}: the model knows {expected} classes; {} has {found} classes", data.dataset);
    Ok(())
}
