//! Models with fewer weights: pruned at once, pruned while they are trained on, and weighed.

use crate::home::{Home, json_file};
use crate::resume::timeless;

/// Weights of 784-16-10: 784 * 16 + 16 * 10, and 26 biases.
const WEIGHTS: u64 = 12_704;
const BIASES: u64 = 26;

fn trained() -> Home {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home
}

/// What `fude weigh` says of one model.
fn weighed(home: &Home, model: &str) -> serde_json::Value {
    home.fude(&format!("weigh {model} --rounds 1 --json")).ends_with(0).json()
}

fn nonzero(home: &Home, model: &str) -> u64 {
    weighed(home, model)["nonzero"].as_u64().expect("a count")
}

#[test]
fn a_model_pruned_at_once_has_exactly_the_share_asked_for_at_zero() {
    let home = trained();
    let json = home.fude("prune small --sparsity 0.9 --json").ends_with(0).json();
    assert_eq!((json["weights"].as_u64(), json["zero_weights"].as_u64()), (Some(WEIGHTS), Some(11_434)), "{json}");
    let bytes = |form: &str, which: &str| json[form][which].as_u64().unwrap();
    assert!(bytes("gzip_bytes", "pruned") < bytes("gzip_bytes", "before") / 4, "{json}");
    let file = home.run("small").join("pruned.safetensors");
    assert_eq!(std::fs::metadata(&file).unwrap().len(), bytes("bytes", "pruned"));
    assert_eq!(nonzero(&home, &file.display().to_string()), WEIGHTS - 11_434 + BIASES);
    let eval = home.fude(&format!("eval {} --split validation --json", file.display())).ends_with(0).json();
    assert_eq!(eval["accuracy"], json["accuracy"]["pruned"]);

    home.fude("prune small --sparsity 0.5").ends_with(1).says(&["pruned.safetensors exists; --force replaces it"]);
    let table = home.fude("prune small --sparsity 0.5 --force").ends_with(0).stdout;
    assert!(table.contains("6,352") && table.contains("get the same class"), "{table}");
    home.fude("train --resume small --epochs 3").ends_with(0);
    assert!(!file.exists(), "an extended run keeps no pruned model of before");
}

#[test]
fn what_cannot_be_pruned_is_refused() {
    let home = trained();
    for sparsity in ["0", "1", "-0.1", "1.5", "nan", "x"] {
        home.fude(&format!("prune small --sparsity={sparsity}"))
            .ends_with(2)
            .says(&["expected a share over 0 and below 1"]);
    }
    home.fude("prune small --sparsity 0.5 --epochs 3").ends_with(2).says(&["--finetune"]);
    home.fude("prune absent --sparsity 0.5").ends_with(2).says(&["no run 'absent'"]);
    home.fude("quantize small").ends_with(0);
    let int8 = home.run("small").join("int8.safetensors");
    home.fude(&format!("prune {} --sparsity 0.5", int8.display()))
        .ends_with(1)
        .says(&["expected F32 [16, 784], found I8"]);
    let finetune = "prune small --sparsity 0.5 --finetune small.toml";
    home.fude(&format!("{finetune} --set model.hidden=[8]")).ends_with(1).says(&[
        "prune.from",
        "expected 784-8-10 with relu",
        "found 784-16-10 with relu",
    ]);
    home.fude(&format!("{finetune} --set model.activation=gelu")).ends_with(1).says(&["784-16-10 with gelu"]);
    home.fude(&format!("{finetune} --set early_stopping.patience=3"))
        .ends_with(2)
        .says(&["early_stopping: expected none with [prune]"]);
    let from = home.run("small").display().to_string();
    let two = format!("train small.toml --set name=two --set prune.sparsity=0.5 --set prune.from={from} --init small");
    home.fude(&two).ends_with(1).says(&["there are other weights to start from than those of prune.from"]);
    std::fs::remove_file(home.run("small").join("summary.json")).expect("a summary");
    home.fude("prune small --sparsity 0.5").ends_with(1).says(&["has not finished"]);
    home.fude(finetune).ends_with(1).says(&["has not finished"]);
}

#[test]
fn weights_pruned_in_training_are_exactly_zero_in_the_final_model() {
    let home = trained();
    for (name, how) in [
        ("plain", ""),
        (
            "all",
            "--set train.optimizer=adamw --set train.weight_decay=0.1 --set train.ema=0.9 --set train.clip_norm=0.5",
        ),
    ] {
        let run = format!("prune small --sparsity 0.9 --finetune small.toml --epochs 5 --set name={name} {how}");
        home.fude(&run).ends_with(0).says(&["prunes 11434 of 12704 weights, the last of them before epoch 3"]);
        assert_eq!(nonzero(&home, name), WEIGHTS - 11_434 + BIASES, "{name}");
        let text = std::fs::read_to_string(home.run(name).join("experiment.toml")).unwrap();
        assert!(
            text.contains("[prune]") && text.contains("sparsity = 0.9") && text.contains("ramp_epochs = 2"),
            "{text}"
        );
        assert!(text.contains("best.safetensors"), "it says what it started from: {text}");
    }
    // Without a name of its own it is not mistaken for the run it came from.
    home.fude("prune small --sparsity 0.5 --finetune small.toml --epochs 2").ends_with(0);
    assert_eq!(nonzero(&home, "small-pruned"), WEIGHTS / 2 + BIASES);
    assert_eq!(nonzero(&home, "small"), WEIGHTS + BIASES);
}

#[test]
fn a_ramp_of_no_epochs_that_the_experiment_asks_for_is_all_at_once() {
    let home = trained();
    let small = std::fs::read_to_string(home.path("small.toml")).unwrap();
    home.write("at-once.toml", format!("{small}\n[prune]\nramp_epochs = 0\n"));
    for (name, experiment, more, expected) in [
        ("file", "at-once.toml", "", 0),
        ("set", "small.toml", "--set prune.ramp_epochs=0", 0),
        ("flag", "at-once.toml", "--ramp-epochs 1", 1),
        ("left-out", "small.toml", "", 2),
    ] {
        let run = format!("prune small --sparsity 0.5 --finetune {experiment} --epochs 4 --set name={name} {more}");
        home.fude(&run).ends_with(0);
        let written = std::fs::read_to_string(home.run(name).join("experiment.toml")).unwrap();
        assert!(written.contains(&format!("ramp_epochs = {expected}\n")), "{name}: {written}");
    }
}

#[test]
fn masks_are_in_checkpoints_and_an_extended_run_equals_one_that_was_as_long_from_the_beginning() {
    let home = trained();
    // Weights go before the second epoch; after it, masks are in the checkpoint alone.
    let prune = "prune small --sparsity 0.8 --finetune small.toml --set train.ema=0.9 --ramp-epochs 1";
    home.fude(&format!("{prune} --epochs 3 --set name=short")).ends_with(0);
    home.fude("train --resume short --epochs 5").ends_with(0);
    home.fude(&format!("{prune} --epochs 5 --set name=long")).ends_with(0);
    let (short, long) = (timeless(&home.run("short")), timeless(&home.run("long")));
    // The model's file names its experiment; everything else is the same.
    assert!(short.1 == long.1 && short.2 == long.2);
    assert_eq!(nonzero(&home, "short"), WEIGHTS - 10_163 + BIASES);
}

#[test]
fn models_are_weighed_a_row_an_experiment_and_results_print_them() {
    let home = trained();
    home.fude("quantize small").ends_with(0);
    let (first, int8) = (home.run("small"), home.run("small").join("int8.safetensors"));
    home.fude("train small.toml --seed 1").ends_with(0);
    let runs: Vec<String> = home.runs("small").iter().map(|run| run.display().to_string()).collect();
    let models = format!("{} {}", runs.join(" "), int8.display());
    let table = home.fude(&format!("weigh {models} --rounds 1")).ends_with(0).stdout;
    assert!(table.contains("small, 784-16-10") && table.contains("small int8, 784-16-10"), "{table}");
    assert!(table.contains("on 100 test images"), "{table}");
    let lines = home.fude(&format!("weigh {models} --rounds 1 --json")).ends_with(0).stdout;
    assert_eq!(lines.lines().count(), 3);
    home.write("weighed.jsonl", &lines);
    let printed = home.fude("results weighed.jsonl").ends_with(0).stdout;
    assert!(printed.starts_with("| model | runs | test accuracy |"), "{printed}");
    assert!(printed.contains("| small, 784-16-10 | 2 |") && printed.contains("12730 of 12730"), "{printed}");
    let brief = home.fude("results weighed.jsonl --brief").ends_with(0).stdout;
    assert!(brief.starts_with("| model | test accuracy | bytes | after gzip |"), "{brief}");
    // With lines of runs among them, each kind has its table; runs alone can be compared.
    let run = home.fude("train small.toml --seed 2 --json").ends_with(0).stdout;
    home.write("mixed.jsonl", format!("{lines}{run}"));
    let both = home.fude("results mixed.jsonl").ends_with(0).stdout;
    assert!(both.starts_with("| data | experiment |") && both.contains("\n\n| model | runs |"), "{both}");
    home.fude("compare mixed.jsonl").ends_with(1).says(&["mixed.jsonl holds models that were weighed (small)"]);
    let accuracy = json_file(&first.join("summary.json"))["test_accuracy"].clone();
    assert_eq!(weighed(&home, &first.display().to_string())["accuracy"], accuracy);
}

#[test]
fn models_with_other_test_images_than_those_weighed_on_are_warned_of() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --folds 2 --epochs 1").ends_with(0);
    let mut runs: Vec<String> = home.runs("small").iter().map(|run| run.display().to_string()).collect();
    runs.sort_by_key(|run| run.ends_with("-f1"));
    let warned = |models: &str| home.fude(&format!("weigh {models} --rounds 1")).ends_with(0).stderr;
    let both = warned(&runs.join(" "));
    assert!(both.contains(&format!("{}: its test images are not those measured here", runs[1])), "{both}");
    assert!(!both.contains(&format!("{}: its", runs[0])), "{both}");
    assert!(!warned(&runs[0]).contains("not those measured"));
    assert!(!warned(&format!("{} --data images", runs.join(" "))).contains("not those measured"));
}
