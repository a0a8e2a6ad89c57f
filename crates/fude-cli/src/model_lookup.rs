//! Finding the model that a user means: a run's, or a file's.

use crate::exit::Stopped;
use crate::run_lookup::find_finished;
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_model::{ModelFile, StoredModel};
use fude_record::{DataConfig, RunFolder, file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The metadata key under which a model's file says how its data were cut, as JSON.
pub(crate) const DATA_CUT: &str = "data_cut";

/// A model's file, and the run that it belongs to.
pub(crate) struct FoundModel {
    pub(crate) path: PathBuf,
    /// The run whose folder the file is in.
    pub(crate) run: Option<RunFolder>,
    pub(crate) bytes: Vec<u8>,
}

impl FoundModel {
    /// The model of a safetensors file, of a run folder, or of the newest finished run of an experiment's name.
    pub(crate) fn find(text: &str, root: &Path, ui: Ui) -> Result<Self> {
        let path = Path::new(text);
        if path.is_file() {
            let run = path.parent().and_then(|folder| RunFolder::open(folder).ok());
            return Self::read(path.to_owned(), run);
        }
        if path.extension().is_some_and(|end| end == "safetensors") {
            return Err(Stopped::Usage(format!("there is no file {text}")).into());
        }
        let run = find_finished(text, root, ui)?;
        Self::read(run.file(file::MODEL), Some(run))
    }

    fn read(path: PathBuf, run: Option<RunFolder>) -> Result<Self> {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path, run, bytes })
    }

    /// The model with f32 weights, and in its metadata how its data were cut, where its run tells.
    pub(crate) fn trained(&self) -> Result<ModelFile> {
        let model = ModelFile::from_bytes(&self.bytes);
        let mut model = model.with_context(|| format!("cannot use {}", self.path.display()))?;
        if let Some(run) = &self.run {
            let cut = serde_json::to_string(&run.experiment()?.data)?;
            model.metadata.entry(DATA_CUT.to_owned()).or_insert(cut);
        }
        Ok(model)
    }

    /// The model, whatever its weights are.
    pub(crate) fn stored(&self) -> Result<StoredModel> {
        StoredModel::from_bytes(&self.bytes).with_context(|| format!("cannot use {}", self.path.display()))
    }

    /// What the user may call it.
    pub(crate) fn name(&self) -> String {
        match &self.run {
            Some(run) if self.path == run.file(file::MODEL) => run.path().display().to_string(),
            _ => self.path.display().to_string(),
        }
    }
}

/// How the data of a model's file were cut; none where it does not say.
pub(crate) fn recorded_cut(metadata: &BTreeMap<String, String>) -> Option<DataConfig> {
    serde_json::from_str(metadata.get(DATA_CUT)?).ok()
}
