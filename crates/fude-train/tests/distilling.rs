//! Runs that learn from other models: what is looked at before anything is written.

use fude_engine::{Device, EngineKind};
use fude_model::{MlpConfig, ModelFile, initialise};
use fude_record::{Experiment, Override};
use fude_train::{TrainRequest, prepare};
use std::path::Path;

/// A request of a small student whose teacher has these hidden layers.
fn request(root: &Path, hidden: Vec<usize>, engine: Option<EngineKind>) -> TrainRequest {
    let text = "name = \"x\"\ndataset = \"kana\"\nmodel.hidden = [4]\ndata = { limit = 90 }\n";
    let plain = Experiment::parse(text, "x.toml", &[]).expect("an experiment");
    let data = prepare(&plain).expect("built-in images");
    let config = MlpConfig { inputs: data.train.inputs(), hidden, outputs: data.outputs(), ..MlpConfig::default() };
    let parameters = initialise(&config, 1);
    let bytes = ModelFile { config, parameters, metadata: Default::default() }.to_bytes().expect("a model");
    let path = root.join("teacher.safetensors");
    std::fs::write(&path, bytes).expect("a new file");
    let teachers = Override::new("distill.teachers", format!("[{:?}]", path.display().to_string()));
    let experiment = Experiment::parse(text, "x.toml", &[teachers]).expect("an experiment");
    TrainRequest { engine, ..TrainRequest::new(experiment, data, Device::cpu()) }
}

#[test]
fn a_teacher_that_the_student_s_engine_does_not_take_has_another_or_is_refused_at_once() {
    let root = tempfile::tempdir().unwrap();
    for engine in [None, Some(EngineKind::Fused)] {
        let mut deep = request(root.path(), vec![3; 9], engine);
        if cfg!(feature = "burn") {
            deep.fit().unwrap();
            continue;
        }
        let error = deep.fit().unwrap_err().to_string();
        assert!(error.starts_with("teacher ") && error.contains("teacher.safetensors: "), "{error}");
        assert!(error.contains("at most 8 hidden layers, this model has 9"), "{error}");
    }
    request(root.path(), vec![3; 8], None).fit().unwrap();
}
