//! A model to ask: the study's first network, trained for a few epochs.

use fude_data::Split;
use fude_engine::Device;
use fude_predict::Classifier;
use fude_record::{Event, Experiment, RunFolder, file};
use fude_train::{StopFlag, TrainRequest, prepare, train};
use std::sync::Arc;

/// Trains 784-128-10 on a set and gives it back with the set's test split.
pub(crate) fn trained(dataset: &str, epochs: u32) -> (Classifier, Arc<Split>) {
    let text = format!(
        "name = \"round-trip\"\ndataset = \"{dataset}\"\nmodel.dropout = 0.2\ntrain.weight_decay = 1e-5\n\
         train.epochs = {epochs}\ndata.validation_fraction = 0.0\n"
    );
    let experiment = Experiment::parse(&text, "round-trip", &[]).expect("a good experiment");
    let data = prepare(&experiment).expect("data");
    let test = data.test.clone().expect("a test split");
    let root = tempfile::tempdir().expect("a temporary folder");
    let folder = RunFolder::create(root.path(), &experiment).expect("a run folder");
    let path = folder.file(file::MODEL);
    let device = Device::cpu();
    let request = TrainRequest { folder: Some(folder), ..TrainRequest::new(experiment, data, device) };
    train(request, &mut |_: &Event| {}, &StopFlag::default()).expect("a trained model");
    (Classifier::open(&path).expect("a model"), test)
}
