//! Experiment files, with and without an override over them.

#![no_main]

use fude_record::Experiment;

libfuzzer_sys::fuzz_target!(|text: &str| {
    // The first line may be an override.
    let (first, rest) = text.split_once('\n').unwrap_or(("", text));
    if let Ok(item) = first.parse() {
        let _ = Experiment::parse(rest, "file", &[item]);
    }
    if let Ok(experiment) = Experiment::parse(text, "file", &[]) {
        let written = experiment.to_toml().expect("what was read can be written");
        let again = Experiment::parse(&written, "written", &[]).expect("what was written can be read");
        assert_eq!(again, experiment);
    }
});
