//! Series of runs: seeds and folds.

use crate::fixtures::{idx_images, idx_labels};
use crate::home::{Home, json_file};
use serde_json::Value;
use std::collections::BTreeSet;

fn runs(json: &Value) -> &[Value] {
    json["runs"].as_array().expect("a list of runs")
}

#[test]
fn seeds_are_runs_of_their_own_with_mean_and_interval() {
    let home = Home::with_small_experiment("");
    let json = home.fude("train small.toml --seeds 0,3,7 --json").ends_with(0).json();
    let seeds: Vec<u64> = runs(&json).iter().map(|run| run["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [0, 3, 7]);
    for run in runs(&json) {
        let folder = home.path(run["run"].as_str().unwrap());
        assert_eq!(run["test_accuracy"], json_file(&folder.join("summary.json"))["test_accuracy"]);
        assert!(folder.join("learning_curve.png").is_file());
    }
    let accuracies: Vec<f64> = runs(&json).iter().map(|run| run["test_accuracy"].as_f64().unwrap()).collect();
    let statistics = &json["statistics"]["test_accuracy"];
    let mean = statistics["mean"].as_f64().unwrap();
    assert!((mean - accuracies.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    assert!(statistics["interval"][0].as_f64().unwrap() <= mean && statistics["runs"] == 3, "{statistics}");

    let alone = home.fude("train small.toml --seed 3 --out alone --json").ends_with(0).json();
    assert_eq!(alone["test_loss"], runs(&json)[1]["test_loss"], "a run of a series is a run");
}

#[test]
fn folds_hold_each_training_image_out_once_and_leave_test_files_alone() {
    let home = Home::with_small_experiment("");
    let ran = home.fude("train small.toml --folds 4 --json").ends_with(0);
    let json =
        ran.says(&["fold 1 of 0 to 3: 100 of 400 training images held out", "the 100 official test images"]).json();
    let of = |key: &str| runs(&json).iter().map(|run| run[key].clone()).collect::<Vec<_>>();
    assert_eq!((of("fold"), of("test_samples")), ([0, 1, 2, 3].map(Value::from).into(), vec![Value::from(100); 4]));
    let fingerprints: BTreeSet<String> = of("test_fingerprint").iter().map(Value::to_string).collect();
    assert_eq!(fingerprints.len(), 4, "{fingerprints:?}");
    let run = runs(&json)[2]["run"].as_str().unwrap();
    assert!(run.ends_with("-s0-f2"), "{run}");
    let eval = home.fude(&format!("eval {run} --json")).ends_with(0).json();
    assert_eq!(eval["accuracy"], runs(&json)[2]["test_accuracy"], "a run knows its fold again");
}

#[test]
fn folds_need_no_test_files() {
    let home = Home::new();
    home.idx_folder(90, 0);
    home.small_experiment("");
    let table = home.fude("train small.toml --folds 2").ends_with(0).stdout;
    for text in
        ["fold", "test accuracy", "std. deviation", "2 folds; interval of the mean", "the shared training images"]
    {
        assert!(table.contains(text), "expected '{text}' in {table}");
    }
    let few = home.fude("train small.toml --folds 91").ends_with(2);
    few.says(&["data.folds: expected at most 90, for there are 90 images, found 91"]);
}

#[test]
fn a_series_that_goes_on_skips_what_has_finished() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seeds 0..2").ends_with(0);
    let first = home.runs("small").into_iter().min().unwrap();
    let before = std::fs::metadata(first.join("best.safetensors")).unwrap().modified().unwrap();
    // The second was killed at its end.
    let second = home.runs("small").into_iter().max().unwrap();
    std::fs::remove_file(second.join("summary.json")).unwrap();
    let ran = home.fude("train small.toml --seeds 0..3 --resume --json").ends_with(0);
    let ran = ran.says(&["seed 0 has finished before: runs/small/", "seed 1: run 2 of 3", "going on with runs/small/"]);
    assert_eq!(runs(&ran.json()).len(), 3);
    assert_eq!(home.runs("small").len(), 3);
    assert_eq!(std::fs::metadata(first.join("best.safetensors")).unwrap().modified().unwrap(), before);

    // Other settings are another series.
    let other = home.fude("train small.toml --seeds 0..2 --resume --set train.batch=16 --json").ends_with(0);
    assert!(!other.stderr.contains("has finished before"), "{}", other.stderr);
    assert_eq!(home.runs("small").len(), 5);
}

#[test]
fn runs_at_once_are_the_runs_that_they_would_be_alone() {
    let home = Home::with_small_experiment("");
    let ran = home.fude("train small.toml --seeds 0..3 --jobs 3 --json").ends_with(0);
    let json = ran.says(&["3 of 3 runs are done"]).json();
    let seeds: Vec<u64> = runs(&json).iter().map(|run| run["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [0, 1, 2]);
    assert_eq!(home.runs("small").len(), 3);
    // On one thread each: the sums are those of one thread too.
    let again = home.fude("train small.toml --seeds 0..3 --jobs 3 --out again --json").ends_with(0).json();
    let losses = |json: &Value| runs(json).iter().map(|run| run["test_loss"].clone()).collect::<Vec<_>>();
    assert_eq!(losses(&json), losses(&again));
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_is_written() {
    let home = Home::with_small_experiment("");
    for (flags, why) in [
        ("--seeds 0..2 --seed 1", "cannot be used with"),
        ("--seeds 0..2 --folds 3", "cannot be used with"),
        ("--jobs 2", "--jobs needs several runs"),
        ("--folds 1", "1 is not in 2..=1000"),
        ("--seeds 2..2", "expected at least one seed"),
        ("--folds 3 --resume small", "go with --resume alone"),
        ("--set data.folds=3", "data.fold: expected 0 to 2 with data.folds = 3, found none"),
        ("--set data.fold=0", "data.folds: expected 2 or more with data.fold, found none"),
    ] {
        home.fude(&format!("train small.toml {flags}")).ends_with(2).says(&[why]);
    }
    assert!(!home.path("runs").exists());
}

#[test]
fn results_take_a_series_and_count_its_folds() {
    let home = Home::with_small_experiment("");
    let line = home.fude("train small.toml --folds 3 --json").ends_with(0).stdout;
    let single = home.fude("train small.toml --json").ends_with(0).stdout;
    home.write("all.jsonl", format!("{line}{single}"));
    let table = home.fude("results all.jsonl").ends_with(0).stdout;
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[0].contains("| 3 folds |") && rows[1].contains("| 1 |"), "{table}");
}

/// Folds of 33, 33 and 34 images are one row too.
#[test]
fn folds_of_uneven_size_are_one_row_of_results() {
    let home = Home::new();
    home.write("images/train-images-idx3-ubyte", idx_images(100, 1));
    home.write("images/train-labels-idx1-ubyte", idx_labels(100));
    home.small_experiment("");
    let line = home.fude("train small.toml --folds 3 --json").ends_with(0).stdout;
    home.write("all.jsonl", line);
    assert_eq!(home.fude("results all.jsonl").ends_with(0).stdout.lines().count(), 3);
}

#[test]
fn a_name_stands_for_all_seeds_of_its_newest_run_and_compare_judges_the_difference() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seeds 0..4").ends_with(0);
    // Wider and longer on easy images: far better on each seed.
    let long = "train small.toml --seeds 0..4 --set name=long --epochs 12";
    home.fude(long).ends_with(0);
    // Another setting under the same name is no repetition.
    home.fude("train small.toml --set name=long --epochs 1").ends_with(0);
    home.fude(&format!("{long} --seed 9").replace("--seeds 0..4 ", "")).ends_with(0);

    let table = home.fude("compare small long").ends_with(0).stdout;
    for text in ["B (long) has ", " points more test accuracy than A (small): 95 % interval ", "Welch's t", "5 seeds"] {
        assert!(table.contains(text), "expected '{text}' in {table}");
    }
    let runs: Vec<String> = home.runs("long").iter().map(|run| run.display().to_string()).collect();
    let paired: Vec<&str> = runs.iter().map(String::as_str).filter(|run| !run.contains("-s9")).collect();
    let json = home.fude(&format!("compare small {} --json", paired.join(" "))).ends_with(0).json();
    assert_eq!(json["runs"].as_array().unwrap().len(), 9);
    let paired = &json["comparisons"][0];
    assert_eq!((&paired["first"], &paired["second"]), (&"A".into(), &"B".into()));
}

#[test]
fn runs_with_the_same_seeds_are_compared_in_pairs() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seeds 0..4").ends_with(0);
    home.fude("train small.toml --seeds 0..4 --set name=long --epochs 12").ends_with(0);
    let table = home.fude("compare small long").ends_with(0).stdout;
    for text in
        ["paired over 4 runs with equal seed and test images", "0.1250 by sign flips", "train.epochs", "4 seeds"]
    {
        assert!(table.contains(text), "expected '{text}' in {table}");
    }
    let comparison = &home.fude("compare small long --json").ends_with(0).json()["comparisons"][0];
    assert_eq!(comparison["comparison"]["method"]["name"], "paired", "{comparison}");
    assert!(comparison["comparison"]["difference"].as_f64().unwrap() > 0.0 && comparison["beyond_noise"].is_boolean());
}

#[test]
fn single_runs_are_not_enough_to_judge() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.fude("train small.toml --set name=long --epochs 12").ends_with(0);
    let table = home.fude("compare small long").ends_with(0).stdout;
    assert!(
        table.contains("too few runs to tell a difference from noise") && table.contains("100 test images"),
        "{table}"
    );
}

#[test]
fn baselines_are_measured_on_the_folds_of_the_runs_beside_them() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --folds 3").ends_with(0);
    for method in ["knn", "pca-knn --components 20", "logistic --epochs 3"] {
        let line = home.fude(&format!("baseline {method} --data images --folds 3 --json")).ends_with(0).stdout;
        home.write("lines.jsonl", line);
        let json = home.fude("compare small lines.jsonl --json").ends_with(0).json();
        let comparison = &json["comparisons"][0]["comparison"];
        assert_eq!(comparison["method"]["pairs"], 3, "{method}: {comparison}");
        let table = home.fude("results lines.jsonl").ends_with(0).stdout;
        assert!(table.contains("| 3 folds |"), "{table}");
    }
    let single = home.fude("baseline knn --data images --k 1 --json").ends_with(0).json();
    assert_eq!((&single["experiment"], &single["test_samples"]), (&"1-nn".into(), &100.into()));
    assert!(single["test_accuracy"].as_f64().unwrap() > 0.9, "{single}");
    assert!(home.fude("baseline knn --data images").ends_with(0).stdout.contains("measured in "));
}

#[test]
fn what_all_runs_of_a_series_have_to_say_is_said_once() {
    let home = Home::new();
    home.idx_folder(400, 0);
    home.small_experiment("");
    let ran = home.fude("train small.toml --seeds 0..3 --epochs 1").ends_with(0);
    for text in ["no test files in ", "images of images to train on", "on the cpu "] {
        assert_eq!(ran.stderr.matches(text).count(), 1, "{text}: {}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches(" of 3").count(), 3, "{}", ran.stderr);
}

#[test]
fn a_baseline_needs_test_images() {
    let home = Home::new();
    home.idx_folder(50, 0);
    home.fude("baseline knn --data images --test-fraction 0").ends_with(2).says(&["has no test split: give --folds"]);
    home.fude("baseline knn --data nowhere").ends_with(1).says(&["not found"]);
}
