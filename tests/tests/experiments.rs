//! Every experiment file: it is valid, it claims something, and the study's three have the study's settings.

use fude_record::{EarlyStopping, Experiment, Monitor, Optimizer, Schedule};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments")
}

fn load(name: &str) -> Experiment {
    Experiment::load(&folder().join(format!("{name}.toml")), &[]).expect("a valid experiment")
}

fn files() -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder()).expect("experiments").map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_experiment_is_valid_and_named_as_its_file() {
    assert!(files().len() >= 4, "{:?}", files());
    for path in files() {
        let experiment = Experiment::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Some(experiment.name.as_str()), path.file_stem().and_then(|stem| stem.to_str()));
    }
}

#[test]
fn every_experiment_begins_with_its_claim_and_its_command() {
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        let file = path.file_name().unwrap().to_string_lossy();
        let claim: String = head.iter().take_while(|line| line.len() > 1).copied().collect();
        assert!(claim.len() > 40, "{file}: the head does not say what it is for: {claim}");
        let command = format!("fude train experiments/{file}");
        assert!(head.iter().any(|line| line.contains(&command)), "{file}: the head lacks `{command}`");
    }
}

#[test]
fn the_studys_experiments_have_its_settings() {
    for (name, hidden, weight_decay) in [
        ("e1-l2", &[128][..], 1e-5),
        ("e2-early-stopping", &[128], 0.0),
        ("e2-validated", &[128], 0.0),
        ("e3-deep-l2", &[256, 128, 64], 1e-5),
    ] {
        let experiment = load(name);
        assert_eq!((experiment.dataset.as_str(), experiment.fallback.as_deref()), ("kmnist", Some("kana")), "{name}");
        assert_eq!((experiment.model.hidden.as_slice(), experiment.model.dropout), (hidden, 0.2), "{name}");
        assert_eq!((experiment.model.inputs, experiment.model.outputs), (784, 10), "{name}");
        let train = experiment.train;
        assert_eq!((train.epochs, train.batch, train.optimizer), (500, 128, Optimizer::Adam), "{name}");
        assert_eq!((train.learning_rate, train.weight_decay, train.schedule), (1e-3, weight_decay, Schedule::Constant));
        assert_eq!((train.beta1, train.beta2, train.epsilon, train.label_smoothing), (0.9, 0.999, 1e-8, 0.0), "{name}");
    }
}

#[test]
fn only_the_study_looks_at_the_test_split_and_only_its_second_experiment_selects_on_it() {
    for path in files() {
        let experiment = Experiment::load(&path, &[]).unwrap();
        let of_the_study = ["e1-l2", "e2-early-stopping", "e3-deep-l2"].contains(&experiment.name.as_str());
        assert_eq!(experiment.eval.test_each_epoch, of_the_study, "{}", experiment.name);
        let selects = experiment.early_stopping.as_ref().is_some_and(|stop| stop.monitor == Monitor::TestLoss);
        assert_eq!(selects, experiment.name == "e2-early-stopping", "{}", experiment.name);
    }
    let stopping = |name| load(name).early_stopping.unwrap();
    let published = EarlyStopping { monitor: Monitor::TestLoss, patience: 5, restore_best: false };
    assert_eq!(stopping("e2-early-stopping"), published);
    let validated = EarlyStopping { monitor: Monitor::ValidationLoss, patience: 5, restore_best: true };
    assert_eq!(stopping("e2-validated"), validated);
    assert!(load("e2-validated").data.validation_fraction > 0.0);
}
