//! Damaged and hostile records: whatever they hold, the readers answer.

use fude_record::{EpochRecord, Experiment, Override, RunFolder, file};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;
use tempfile::TempDir;

const EXPERIMENT: &str = "name = \"x\"\ndataset = \"kana\"\n\n[model]\nhidden = [256, 128]\n\n[train]\nbatch = 64\n\
                          learning_rate = 1e-3\n\n[early_stopping]\npatience = 3\n";
const RECORD: &str = "{\"epoch\":1,\"train_loss\":0.5,\"train_accuracy\":0.5,\"val_loss\":null,\"val_accuracy\":null,\
                      \"test_loss\":null,\"test_accuracy\":null,\"learning_rate\":0.001,\"seconds\":1.5}\n";

/// Characters put in the place of others, then the end cut off.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let syntax: Vec<char> = "[]{}=\"'.,#\n0-9eE_".chars().collect();
    let characters = prop_oneof![any::<char>(), prop::sample::select(syntax)];
    (vec((0..text.len(), characters), 0..6), prop_oneof![3 => Just(usize::MAX), 1 => 0..text.len()]).prop_map(
        move |(writes, keep)| {
            let mut characters: Vec<char> = text.chars().collect();
            writes.into_iter().for_each(|(at, character)| characters[at] = character);
            characters.into_iter().take(keep).collect()
        },
    )
}

/// One run folder for all cases: making one waits for the disk.
static RUN: LazyLock<(TempDir, RunFolder)> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("a temporary folder");
    let experiment = Experiment::parse(EXPERIMENT, "e.toml", &[]).expect("a good experiment");
    let run = RunFolder::create(root.path(), &experiment).expect("a new run");
    (root, run)
});

proptest! {
    #[test]
    fn mutated_experiments_are_read_or_refused_with_their_place(text in mutated(EXPERIMENT)) {
        match Experiment::parse(&text, "e.toml", &[]) {
            // What was read can be written and read again.
            Ok(experiment) => {
                let written = experiment.to_toml().expect("a TOML text");
                prop_assert_eq!(Experiment::parse(&written, "written", &[]).expect("a good experiment"), experiment);
            }
            Err(error) => prop_assert!(error.to_string().starts_with("e.toml"), "{}", error),
        }
    }

    #[test]
    fn any_override_is_applied_or_refused(text in mutated("train.learning_rate=1e-3 model.hidden=[3, 4]")) {
        if let Ok(item) = text.parse::<Override>() {
            let _ = Experiment::parse(EXPERIMENT, "e.toml", &[item]);
        }
    }
}

proptest! {
    #[test]
    fn mutated_records_of_a_run_never_panic(text in mutated(RECORD)) {
        let run = &RUN.1;
        std::fs::write(run.file(file::METRICS), format!("{RECORD}{text}{RECORD}")).expect("a new file");
        if let Err(error) = run.metrics() {
            prop_assert!(error.to_string().contains("line "), "{}", error);
        }
        std::fs::write(run.file(file::SUMMARY), text).expect("a new file");
        prop_assert!(run.summary().is_err());
    }
}

#[test]
fn values_nested_without_end_are_refused_and_overflow_no_stack() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let nested = format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
        let text = format!("name = \"x\"\ndataset = \"kana\"\n[model]\nhidden = {nested}\n");
        assert!(Experiment::parse(&text, "e.toml", &[]).is_err());
        let item: Override = format!("model.hidden={nested}").parse().expect("an override");
        assert!(Experiment::parse(EXPERIMENT, "e.toml", &[item]).is_err());
    }
    let keys = "a.".repeat(10_000);
    assert!(Experiment::parse(&format!("{EXPERIMENT}[other]\n{keys}a=1\n"), "e.toml", &[]).is_err());
    assert!(format!("{}a=1", "a.".repeat(100_000)).parse::<Override>().is_err());
    assert!(serde_json::from_str::<EpochRecord>(&"[".repeat(100_000)).is_err());
}
