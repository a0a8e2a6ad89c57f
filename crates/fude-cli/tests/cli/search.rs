//! What searches: the learning rate finder; and what shows what a search may change.

use crate::home::{Home, json_file, metrics};

#[test]
fn lr_find_suggests_a_rate_and_draws_the_curve() {
    let home = Home::with_small_experiment("");
    let json = home.fude("lr-find small.toml --steps 120 --json").ends_with(0).json();
    let steepest = json["steepest"].as_f64().expect("a suggestion");
    let tenth = json["minimum_tenth"].as_f64().expect("a suggestion");
    assert!((1e-5..1.0).contains(&steepest) && (1e-5..1.0).contains(&tenth), "{steepest}, {tenth}");
    let picture = std::fs::read(home.path("small-lr.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    assert!(!home.path("runs").exists());
    let text = home.fude("lr-find small.toml --steps 60 --output a.png").ends_with(0).stdout;
    assert!(text.contains("steps; the loss ") && text.contains("drawn in a.png"), "{text}");
}

#[test]
fn lr_find_refuses_rates_that_do_not_rise() {
    let home = Home::with_small_experiment("");
    home.fude("lr-find small.toml --from 1 --to 0.1").ends_with(2).says(&["expected 0 < --from < --to"]);
    home.fude("lr-find small.toml --from 0").ends_with(2).says(&["expected 0 < --from < --to"]);
}

#[test]
fn deformations_are_shown_beside_the_images() {
    let home = Home::with_small_experiment("");
    home.fude("data show --augment small.toml").ends_with(1).says(&["has no [augment] section"]);
    home.small_experiment("augment = { rotation = 10.0, elastic = 2.0 }");
    let shown = home.fude("data show --augment small.toml --per-class 5").ends_with(0).stdout;
    assert_eq!(shown.trim(), "small-deformed.png");
    assert!(std::fs::read(home.path("small-deformed.png")).unwrap().starts_with(b"\x89PNG"));
    home.fude("data show kana --augment small.toml --output k.png").ends_with(0);
}

#[test]
fn the_summary_says_how_far_confidence_can_be_trusted() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let calibration = &json_file(&home.run("small").join("summary.json"))["calibration"];
    assert!((0.0..=1.0).contains(&calibration["error"].as_f64().unwrap()), "{calibration}");
    let images: u64 = calibration["bins"].as_array().unwrap().iter().map(|bin| bin["images"].as_u64().unwrap()).sum();
    assert_eq!(images, 100);
    home.fude("train small.toml --set data.validation_fraction=0 --out b").ends_with(0);
    let without = &json_file(&home.small_run("b").join("summary.json"))["calibration"];
    assert!(without["temperature"].is_null() && without["error"].is_f64(), "{without}");
}

#[test]
fn layers_are_recorded_where_the_experiment_asks_for_it() {
    let home = Home::with_small_experiment("eval.layers = true");
    home.fude("train small.toml").ends_with(0);
    let records = metrics(&home.run("small"));
    for record in &records {
        let layers = record["layers"].as_array().expect("a record a layer");
        assert_eq!(layers.len(), 2);
        for layer in layers {
            for norm in ["weight_norm", "update_norm", "gradient_norm"] {
                assert!(layer[norm].as_f64().unwrap() > 0.0, "{norm}: {layer}");
            }
        }
        assert!((0.0..=1.0).contains(&layers[0]["dead_units"].as_f64().unwrap()) && layers[1]["dead_units"].is_null());
    }
    home.fude("train small.toml --set eval.layers=false --out b").ends_with(0);
    assert!(metrics(&home.small_run("b"))[0].get("layers").is_none());
}

const STUDY: &str = "\
name = \"tiny\"
experiment = \"small.toml\"
trials = 6
startup = 3
[set]
train.epochs = 4
[halving]
first_epochs = 1
factor = 2
[space]
train.learning_rate = { low = 1e-4, high = 1e-1, log = true }
model.hidden = { choices = [[8], [16, 8]] }
train.warmup_steps = { low = 0, high = 5, integer = true }
";

#[test]
fn a_sweep_finds_a_best_trial_that_can_be_trained() {
    let home = Home::with_small_experiment("");
    home.write("tiny.toml", STUDY);
    let json = home.fude("sweep tiny.toml --json").ends_with(0).json();
    let trials = json["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 6);
    for trial in trials {
        let (state, epochs) = (trial["state"].as_str().unwrap(), trial["epochs"].as_u64().unwrap());
        assert!((state == "finished") == (epochs == 4), "{trial}");
        assert!(["finished", "stopped"].contains(&state), "{trial}");
    }
    assert!(json["epochs"].as_u64().unwrap() < 24, "nothing was stopped early: {json}");
    let best = json["best"]["value"].as_f64().unwrap();
    let finished = trials.iter().filter(|trial| trial["state"] == "finished");
    assert!(finished.clone().all(|trial| trial["value"].as_f64().unwrap() <= best));
    let improvements = json["improvements"].as_array().unwrap();
    assert_eq!(improvements.last().unwrap()["value"].as_f64(), Some(best), "{json}");
    for picture in ["history.png", "parallel.png"] {
        let bytes = std::fs::read(home.path("sweeps/tiny").join(picture)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"), "{picture}");
    }
    let trained = home.fude("train sweeps/tiny/best.toml --json").ends_with(0).json();
    assert_eq!(trained["val_accuracy"].as_f64().unwrap(), best, "the trial, trained again");
    assert!(!home.path("runs/small").exists());
}

#[test]
fn a_search_that_was_begun_otherwise_says_what_has_changed() {
    let home = Home::with_small_experiment("");
    home.write("tiny.toml", STUDY);
    home.fude("sweep tiny.toml --trials 1").ends_with(0);
    let refused = home.fude("sweep tiny.toml --trials 1 --seed 3");
    refused.ends_with(1).says(&["before it was changed (seed was 0, is 3)"]);
    home.write("tiny.toml", STUDY.replace("factor = 2", "factor = 3"));
    home.fude("sweep tiny.toml --trials 1").ends_with(1).says(&["(halving.factor was 2, is 3)"]);
}

#[test]
fn a_sweep_goes_on_after_a_kill_and_does_what_it_would_have_done() {
    let home = Home::with_small_experiment("");
    home.write("tiny.toml", STUDY);
    let whole = home.fude("sweep tiny.toml --out whole --json").ends_with(0).json();
    home.fude("sweep tiny.toml --trials 3 --json").ends_with(0);
    // As a kill in the fourth trial would leave it: begun, a rung reached, a line cut short.
    let path = home.path("sweeps/tiny/journal.jsonl");
    let journal = std::fs::read_to_string(home.path("whole/tiny/journal.jsonl")).unwrap();
    let begun = journal.lines().find(|line| line.contains("\"begin\"") && line.contains("\"number\":3")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap()
        + begun
        + "\n{\"event\":\"rung\",\"number\":3,\"epochs\":1,\"value\":0.1}\n{\"ev";
    std::fs::write(&path, text).unwrap();
    let ran = home.fude("sweep tiny.toml --json").ends_with(0);
    let json = ran.says(&["going on with sweeps/tiny: 4 trials have begun"]).json();
    let timeless = |json: &serde_json::Value| {
        let mut trials = json["trials"].as_array().unwrap().clone();
        trials.iter_mut().for_each(|trial| drop(trial.as_object_mut().unwrap().remove("seconds")));
        trials
    };
    assert_eq!(timeless(&json), timeless(&whole));

    home.write("tiny.toml", STUDY.replace("startup = 3", "startup = 2"));
    home.fude("sweep tiny.toml").ends_with(1).says(&["belongs to another study"]);
}

#[test]
fn a_study_that_is_wrong_is_told_before_the_first_trial() {
    let home = Home::with_small_experiment("");
    for (from, to, why) in [
        ("train.learning_rate", "train.learning_rat", "did you mean `learning_rate`?"),
        ("high = 1e-1", "high = -1", "expected low < high"),
        ("train.epochs = 4", "data.validation_fraction = 0.0", "a search needs a validation split"),
        ("small.toml", "nothing.toml", "cannot be read"),
        ("[[8], [16, 8]]", "[[8], [0], [16]]", "the study's space.model.hidden = [0]: model.hidden"),
    ] {
        home.write("wrong.toml", STUDY.replace(from, to));
        home.fude("sweep wrong.toml").ends_with(2).says(&[why]);
    }
    // Nor is a slip of the fingers held on to.
    home.write("wrong.toml", STUDY);
    home.fude("sweep wrong.toml --data imags").ends_with(1).says(&["folder imags not found"]);
    home.fude("sweep nowhere.toml").ends_with(2).says(&["nowhere.toml: cannot be read"]);
    assert!(!home.path("sweeps").exists());
}

#[test]
fn values_that_do_not_go_together_are_left_out_and_the_search_goes_on() {
    let home = Home::with_small_experiment("");
    let schedules = "[space]\ntrain.schedule = { choices = [\"cosine\", \"onecycle\", \"linear\"] }";
    home.write("tiny.toml", STUDY.replace("[space]", schedules).replace("trials = 6", "trials = 12"));
    let ran = home.fude("sweep tiny.toml --json").ends_with(0).says(&["is left out: ", "train.warmup_steps"]);
    let json = ran.json();
    let states: Vec<&str> =
        json["trials"].as_array().unwrap().iter().map(|trial| trial["state"].as_str().unwrap()).collect();
    assert_eq!(states.len(), 12);
    assert!(states.contains(&"refused") && states.contains(&"finished"), "{states:?}");
    // They are not tried again.
    let again = home.fude("sweep tiny.toml --json").ends_with(0).json();
    assert_eq!(again["trials"], json["trials"]);
}

#[test]
fn several_trials_at_once_are_as_many_in_all() {
    let home = Home::with_small_experiment("");
    home.write("tiny.toml", STUDY);
    let table = home.fude("sweep tiny.toml --jobs 3").ends_with(0);
    assert!(table.stdout.contains("chosen on the validation split") && table.stdout.contains("train.warmup_steps"));
    assert_eq!(table.stderr.lines().filter(|line| line.starts_with("trial ")).count(), 6, "{}", table.stderr);
}
