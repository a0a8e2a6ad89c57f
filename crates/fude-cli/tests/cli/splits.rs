//! Which split is looked at when, and what is selected on it.

use crate::home::{Home, json_file, metrics, published};

const STOPPING: &str = "early_stopping.patience = 2\ntrain.epochs = 40\ntrain.learning_rate = 0.02";

#[test]
fn the_test_split_is_evaluated_once_and_the_best_weights_come_back() {
    let home = Home::with_small_experiment(STOPPING.replace("train.epochs = 40\n", "").as_str());
    let summary = home.fude("train small.toml --epochs 40 --json").ends_with(0).json();
    let records = metrics(&home.run("small"));
    assert!(records.iter().all(|record| record["test_loss"].is_null() && record["test_accuracy"].is_null()));
    assert!(summary["test_loss"].is_f64() && summary["total_loss"].is_null(), "{summary}");
    assert_eq!(summary["selected_on_test"], false);

    let losses: Vec<f64> = records.iter().map(|record| record["val_loss"].as_f64().unwrap()).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(summary["restored_best"], true);
    assert_eq!(summary["val_loss"].as_f64(), Some(lowest), "{losses:?}");
    let best = summary["best_epoch"].as_u64().unwrap() as usize;
    assert_eq!(losses[best - 1], lowest);
    assert_eq!(summary["stopped_early"], losses.len() < 40);
    assert!(losses.len() == 40 || losses.len() == best + 2, "best {best} of {losses:?}");
}

#[test]
fn the_studys_second_experiment_says_that_it_selects_on_test() {
    let home = Home::new();
    home.idx_folder(400, 100);
    let train = format!("train {} --data images --epochs 3 --json", published("e2-early-stopping.toml"));
    let ran =
        home.fude(&train).ends_with(0).says(&["warning: ", "stops early on the TEST loss", "selected on the test"]);
    let summary = ran.json();
    assert_eq!((&summary["selected_on_test"], &summary["val_loss"]), (&true.into(), &serde_json::Value::Null));
    let records = metrics(&home.run("e2-early-stopping"));
    let loss = |key: &str| records.iter().map(|record| record[key].as_f64().unwrap()).sum::<f64>();
    let total = summary["total_loss"].as_f64().unwrap();
    assert!((total - loss("train_loss") - loss("test_loss")).abs() < 1e-12, "{total}");
}

#[test]
fn the_validated_experiment_says_nothing_of_the_kind() {
    let home = Home::new();
    home.idx_folder(400, 100);
    let train = format!("train {} --data images --epochs 2 --json", published("e2-validated.toml"));
    let ran = home.fude(&train).ends_with(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!((&ran.json()["val_samples"], &ran.json()["train_samples"]), (&40.into(), &360.into()));
}

#[test]
fn without_any_test_images_the_test_fields_are_null() {
    let home = Home::new();
    home.idx_folder(400, 0);
    home.small_experiment("");
    let ran = home.fude("train small.toml --json").ends_with(0);
    let ran = ran.says(&["no test files in ", "80 of 400 training images held out as test split"]);
    assert_eq!((&ran.json()["test_samples"], &ran.json()["train_samples"]), (&80.into(), &288.into()));

    let none = home.fude("train small.toml --json --set data.test_fraction=0 --out none").ends_with(0);
    let none = none.says(&["no test split was cut"]).summary();
    assert!(none["test_loss"].is_null() && none["test_accuracy"].is_null() && none["test_samples"] == 0, "{none}");
    // The figures by class are then those of the validation split.
    assert_eq!(none["confusion"].as_array().unwrap().len(), 10);
    let run = home.small_run("none");
    assert!(run.join("learning_curve.png").is_file());
    assert_eq!(json_file(&run.join("summary.json")), none);
    home.fude(&format!("eval {}", run.display())).ends_with(2).says(&["no test split"]);
}

#[test]
fn limit_takes_the_first_images() {
    let home = Home::with_small_experiment("data.limit = 150");
    let summary = home.fude("train small.toml --json").ends_with(0).json();
    assert_eq!((&summary["train_samples"], &summary["val_samples"]), (&135.into(), &15.into()));
    assert_eq!(summary["test_samples"], 100);
}
