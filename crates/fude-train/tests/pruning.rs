//! Runs that prune: interrupted anywhere, they go on to the same bits.

use fude_engine::{Device, EngineError, EngineKind, TrainState};
use fude_model::ModelFile;
use fude_record::{Experiment, Override, RunFolder, file};
use fude_train::{
    Checkpoint, Outcome, Prepared, StopFlag, TrainError, TrainRequest, latest_checkpoint, prepare, train,
};
use std::path::Path;
use std::sync::Arc;

/// Three steps an epoch, all that an update can do, and pruning before the epochs 2 to 4.
fn experiment(more: &[Override]) -> Experiment {
    let text = "name = \"x\"\ndataset = \"kana\"\nmodel.hidden = [12, 8]\n\
        data = { limit = 90, validation_fraction = 0.0 }\n\
        train = { epochs = 5, batch = 30, optimizer = \"adamw\", weight_decay = 0.1, ema = 0.8, clip_norm = 0.5 }\n\
        prune = { sparsity = 0.7, begin_epoch = 1, ramp_epochs = 2 }\n";
    Experiment::parse(text, "x.toml", more).expect("an experiment")
}

/// A few images that take no time to evaluate.
fn data() -> Prepared {
    let mut data = prepare(&experiment(&[])).expect("built-in images");
    data.test = data.test.map(|test| Arc::new(test.as_ref().clone().first(50)));
    data
}

fn request(experiment: Experiment, data: &Prepared, folder: &RunFolder, resume: Option<Checkpoint>) -> TrainRequest {
    let data = data.clone();
    let (device, folder) = (Device::cpu(), Some(folder.clone()));
    TrainRequest { folder, resume, ..TrainRequest::new(experiment, data, device) }
}

fn folder(root: &Path, experiment: &Experiment) -> RunFolder {
    RunFolder::create(root, experiment).expect("a new folder")
}

fn checkpoint(folder: &RunFolder) -> Checkpoint {
    latest_checkpoint(folder).expect("a readable checkpoint").expect("a checkpoint").0
}

#[test]
fn a_run_that_is_interrupted_after_every_step_ends_with_the_same_bits() {
    let root = tempfile::tempdir().unwrap();
    let (data, whole) = (data(), folder(root.path(), &experiment(&[])));
    train(request(experiment(&[]), &data, &whole, None), &mut |_: &_| (), &StopFlag::default()).unwrap();

    let broken = folder(root.path(), &experiment(&[]));
    let stop = StopFlag::default();
    stop.stop();
    let (mut resume, mut parts) = (None, 0);
    loop {
        parts += 1;
        let outcome = train(request(experiment(&[]), &data, &broken, resume.take()), &mut |_: &_| (), &stop).unwrap();
        if let Outcome::Finished { .. } = outcome {
            break;
        }
        resume = Some(checkpoint(&broken));
    }
    assert_eq!(parts, 15, "five epochs of three steps");
    assert!(checkpoint(&whole).state == checkpoint(&broken).state);
    let model = |folder: &RunFolder| std::fs::read(folder.file(file::MODEL)).unwrap();
    assert!(model(&whole) == model(&broken));

    let parameters = ModelFile::from_bytes(&model(&whole)).unwrap().parameters;
    // 70 % of 784 * 12 + 12 * 8 + 8 * 10 weights.
    assert_eq!((parameters.layout.weights(), parameters.zero_weights()), (9584, 6709));
    let state = checkpoint(&whole).state;
    let mask = state.vector(TrainState::MASK, parameters.values.len()).unwrap();
    let held = |(value, mask): (&f32, &f32)| *mask != 0.0 || value.to_bits() == 0;
    for name in [TrainState::PARAMETERS, TrainState::FIRST_MOMENT, TrainState::SECOND_MOMENT, TrainState::EMA] {
        assert!(state.vector(name, mask.len()).unwrap().iter().zip(mask).all(held), "{name}");
    }
    assert!(parameters.values.iter().zip(mask).all(held), "the model that is kept");
}

#[test]
fn what_knows_no_masks_refuses() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path(), &experiment(&[]));
    let mut request = request(experiment(&[]), &data(), &folder, None);
    request.engine = Some(EngineKind::Burn);
    let error = request.fit().unwrap_err();
    assert!(matches!(error, TrainError::Engine(EngineError::Unsupported { engine: "burn", .. })), "{error}");
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let root = tempfile::tempdir().unwrap();
    let from = Override::text("prune.from", "nowhere.safetensors");
    let folder = folder(root.path(), &experiment(&[]));
    let error = request(experiment(&[from]), &data(), &folder, None).fit().unwrap_err().to_string();
    assert!(error.starts_with("prune.from nowhere.safetensors: "), "{error}");
}
