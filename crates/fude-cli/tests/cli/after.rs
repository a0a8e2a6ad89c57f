//! What can be done with runs.

use crate::fixtures::{idx_images, png};
use crate::home::{Home, json_file};

#[test]
fn eval_repeats_the_summarys_figures_exactly() {
    let home = Home::with_small_experiment("");
    let summary = home.fude("train small.toml --json").ends_with(0).json();
    for (split, name) in [("test", "test"), ("validation", "val"), ("train", "train")] {
        let eval = home.fude(&format!("eval small --split {split} --json")).ends_with(0).json();
        assert_eq!(eval["accuracy"], summary[format!("{name}_accuracy")], "{split}");
        assert_eq!(eval["loss"], summary[format!("{name}_loss")], "{split}");
    }
    let eval = home.fude("eval small --json").ends_with(0).json();
    assert_eq!(eval["calibration"], summary["calibration"]);
    assert!(eval["calibration"]["temperature"].is_f64(), "{eval}");
    let table = home.fude("eval small").ends_with(0).stdout;
    assert!(table.contains("calibration error ") && table.contains(", fitted on the validation split"), "{table}");
    assert!(table.contains("precision") && table.contains("on the test split of images (100 images)"), "{table}");
}

#[test]
fn a_run_on_the_fallback_stays_one_when_the_real_data_have_come() {
    let home = Home::with_small_experiment("");
    home.write(
        "fall.toml",
        "name = \"fall\"\ndataset = \"kmnist\"\nfallback = \"kana\"\ndata.limit = 500\ntrain.epochs = 1\n",
    );
    let summary = home.fude("train fall.toml --json").ends_with(0).json();
    std::fs::create_dir_all(home.path("cache/fude")).unwrap();
    std::fs::rename(home.path("images"), home.path("cache/fude/kmnist")).unwrap();
    let eval = home.fude("eval fall --json").ends_with(0).json();
    assert_eq!((&eval["dataset"], &eval["accuracy"]), (&"kana".into(), &summary["test_accuracy"]));
}

#[test]
fn eval_on_data_that_do_not_fit_the_model_is_an_error() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    for class in 0..12 {
        for salt in 0..5 {
            home.write(&format!("twelve/{class:02}/{salt}.png"), png(class.min(9), salt));
        }
    }
    home.fude("eval small --data twelve").ends_with(1).says(&["the model knows 10 classes; twelve has 12 classes"]);
}

#[test]
fn eval_on_other_classes_of_the_same_count_is_refused_and_numbers_are_warned_of() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --data kana --set data.limit=200").ends_with(0);
    for (class, name) in ('a'..='j').enumerate() {
        for salt in 0..5 {
            home.write(&format!("letters/{name}/{salt}.png"), png(class as u8, salt));
        }
    }
    for command in ["eval small --data letters", "report small --data letters"] {
        let ran = home.fude(command).ends_with(1);
        let ran =
            ran.says(&["the classes of letters are not those of the model", "class 0 is 'お o' to the model, 'a' in"]);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    }
    let numbered = home.fude("eval small --data images --json").ends_with(0);
    numbered.says(&["warning: images has no class names: the figures hold only if images numbers its classes as"]);
    let same = home.fude("eval small").ends_with(0);
    assert!(!same.stderr.contains("warning"), "{}", same.stderr);
}

#[test]
fn eval_warns_where_the_run_s_own_data_have_changed() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.write("images/t10k-images-idx3-ubyte", idx_images(100, 7));
    home.fude("eval small").ends_with(0).says(&["the test images of images are not those that this run was"]);
}

#[test]
fn compare_shows_results_and_how_the_experiments_differ() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.fude("train small.toml --set name=wide --set model.hidden=[32]").ends_with(0);
    let table = home.fude("compare small wide").ends_with(0).stdout;
    for text in ["test accuracy", "total loss", "differs in", "model.hidden", "[16]", "[32]"] {
        assert!(table.contains(text), "expected '{text}' in {table}");
    }
    let json = home.fude("compare small wide --json").ends_with(0).json();
    assert_eq!(json["differences"]["model.hidden"], serde_json::json!(["[16]", "[32]"]));
    assert_eq!(json["runs"][0]["summary"], json_file(&home.run("small").join("summary.json")));
}

#[test]
fn compare_warns_of_unlike_data() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.fude("train small.toml --set name=kana --data kana --set data.limit=200").ends_with(0);
    home.fude("train small.toml --seed 1").ends_with(0);
    let unlike = home.fude("compare small kana").ends_with(0).says(&["not all measured on the same data"]);
    assert!(!unlike.stdout.contains("to tell a difference from noise"), "a verdict on unlike data: {}", unlike.stdout);
}

#[test]
fn compare_passes_over_a_run_whose_summary_cannot_be_read() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let good = home.run("small").strip_prefix(home.path("")).expect("a run of this home").display().to_string();
    home.fude("train small.toml --seed 1 --out second").ends_with(0);
    let broken = home.small_run("second");
    std::fs::rename(&broken, home.path("runs/small").join("20990101T000000Z-s1")).unwrap();
    home.write("runs/small/20990101T000000Z-s1/summary.json", "");
    let ran = home.fude("compare small").ends_with(0);
    ran.says(&["has a summary that cannot be read and is passed over: 'small' stands for", &good]);
}

#[test]
fn compare_names_no_deformation_that_neither_run_has() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.fude("train small.toml --set name=moved --set augment.shift=1").ends_with(0);
    let json = home.fude("compare small moved --json").ends_with(0).json();
    assert_eq!(json["differences"], serde_json::json!({ "augment.shift": ["-", "1.0"] }));
}

#[test]
fn eval_of_several_leaves_unfinished_runs_out_and_counts_each_once() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seeds 0..3").ends_with(0);
    let runs = home.runs("small");
    std::fs::remove_file(runs[2].join("summary.json")).unwrap();
    let of = |runs: &[&std::path::Path]| {
        let names: Vec<String> = runs.iter().map(|run| run.display().to_string()).collect();
        home.fude(&format!("eval {} --json", names.join(" "))).ends_with(0)
    };
    let two = of(&[&runs[0], &runs[1]]).json();
    let more = of(&[&runs[0], &runs[1], &runs[2], &runs[1]]).says(&["has not finished and is left out", "counts once"]);
    assert_eq!(more.json()["loss"], two["loss"]);
    home.fude(&format!("eval {}", runs[2].display())).ends_with(1).says(&["has not finished"]);
}

#[test]
fn compare_gives_no_verdict_on_seeds_of_two_hold_outs() {
    let home = Home::new();
    home.idx_folder(120, 0);
    home.small_experiment("");
    for (name, split) in [("one", 0), ("two", 1)] {
        home.fude(&format!("train small.toml --seeds 0..2 --set name={name} --set data.split_seed={split}"))
            .ends_with(0);
    }
    let told = home.fude("compare one two").ends_with(0).stdout;
    assert!(told.contains("were measured on other test images, which alone makes a difference: no verdict"), "{told}");
}

#[test]
fn compare_groups_result_lines_by_all_that_they_tell() {
    let home = Home::with_small_experiment("");
    let mut lines = String::new();
    for (limit, seed) in [(60, 0), (60, 1), (90, 0), (90, 1)] {
        lines += &home.fude(&format!("train small.toml --set data.limit={limit} --seed {seed} --json")).stdout;
    }
    home.write("lines.jsonl", lines);
    let json = home.fude("compare lines.jsonl --json").ends_with(0).json();
    assert_eq!(json["groups"].as_array().map(Vec::len), Some(2), "{json}");
    // A run's own summary is a result, too.
    let run = home.runs("small")[0].join("summary.json").display().to_string();
    home.fude(&format!("compare lines.jsonl {run}")).ends_with(0);
    home.write("empty.jsonl", "");
    home.fude("results empty.jsonl").ends_with(1).says(&["there is no result in empty.jsonl"]);
}

#[test]
fn runs_are_listed_and_removed() {
    let home = Home::with_small_experiment("");
    let empty = home.fude("runs").ends_with(0).stdout;
    assert!(empty.contains("no runs under runs"), "{empty}");
    home.fude("runs nosuch").ends_with(2).says(&["no run 'nosuch'", "there are no runs under runs"]);
    home.fude("train small.toml").ends_with(0);
    home.fude("train small.toml --seed 1").ends_with(0);
    let runs = home.fude("runs --json").ends_with(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 2);
    assert!(home.fude("runs small").ends_with(0).stdout.contains("finished"));

    let before = home.snapshot();
    let first = runs[0]["path"].as_str().unwrap();
    home.fude(&format!("runs --remove {first} nosuchrun")).ends_with(2).says(&["no run 'nosuchrun'"]);
    assert!(home.snapshot() == before, "a typing error removes nothing");
    home.fude(&format!("runs --remove {first}")).ends_with(0).says(&["removed"]);
    assert!(!home.path(first).exists() && home.runs("small").len() == 1);
}

#[test]
fn a_name_removes_its_newest_run_only_with_consent() {
    let home = Home::with_small_experiment("");
    for seed in 0..3 {
        home.fude(&format!("train small.toml --seed {seed}")).ends_with(0);
    }
    let runs = home.fude("runs --json").ends_with(0).json();
    let [first, second, newest] = [0, 1, 2].map(|run| runs[run]["path"].as_str().unwrap().to_owned());
    let before = home.snapshot();
    let refused = home.fude("runs --remove small").ends_with(2);
    refused.says(&[&format!("'small' stands for its newest run {newest} (finished, "), "give its path", "--yes"]);
    home.fude("runs --yes").ends_with(2).says(&["--remove"]);
    assert!(home.snapshot() == before, "something was removed without consent");

    // Named twice, it is removed once; a path beside it needs no consent of its own.
    let removed = home.fude(&format!("runs --remove small {newest} {first} --yes --json")).ends_with(0);
    let removed = removed.says(&[&format!("removed {first} (finished, 10 files, "), &format!("removed {newest} (")]);
    assert_eq!(removed.json()["removed"], serde_json::json!([first, newest]));
    assert_eq!(home.runs("small"), [home.path(&second)]);
}

#[test]
fn report_draws_the_same_pictures_again() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let before = home.snapshot();
    let run = home.run("small");
    for picture in ["learning_curve.png", "confusion_matrix.png", "mistakes.png", "report.html"] {
        std::fs::remove_file(run.join(picture)).unwrap();
    }
    let listed = home.fude("report small").ends_with(0).stdout;
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert!(home.snapshot() == before, "a picture is not the same as before");
}

#[test]
fn check_and_summary_train_nothing() {
    let home = Home::with_small_experiment("");
    let before = home.snapshot();
    let check = home.fude("check small.toml").ends_with(0).stdout;
    for text in ["784", "12,560", "memory: ", "time on this CPU: ", "good experiment"] {
        assert!(check.contains(text), "expected '{text}' in {check}");
    }
    home.fude("summary small.toml").ends_with(0);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn several_models_are_evaluated_as_an_ensemble_and_several_looks_as_one() {
    let home = Home::with_small_experiment("[augment]\nrotation = 10.0\nshift = 1.0\n");
    for seed in 0..2 {
        home.fude(&format!("train small.toml --data kana --set data.limit=600 --seed {seed}")).ends_with(0);
    }
    let of = |arguments: &str| home.fude(&format!("eval {arguments} --json")).ends_with(0).json();
    let one = of("small");
    let looks = of("small --looks 3");
    assert!(looks["loss"] != one["loss"], "{looks}");
    assert_eq!((&one["looks"], &looks["looks"]), (&0.into(), &3.into()));
    let told = home.fude("eval small --looks 3").ends_with(0).stdout;
    assert!(told.contains(", 4 looks on the test split of kana"), "{told}");
    // A run that looks for itself says what eval says of it.
    let own =
        home.fude("train small.toml --data kana --set data.limit=600 --seed 0 --set eval.looks=3 --out looking --json");
    let own = own.ends_with(0).json();
    let looked = looks_of_first(&home);
    assert_eq!((&own["looks"], &own["test_loss"]), (&3.into(), &looked["loss"]));
    assert_eq!(own["test_accuracy"], looked["accuracy"]);
    let both = home.runs("small").iter().map(|run| run.display().to_string()).collect::<Vec<_>>().join(" ");
    // A mean of probabilities loses no more than its members do on average (Jensen).
    let losses = both.split(' ').map(|run| of(run)["loss"].as_f64().unwrap());
    let (ensemble, mean) = (of(&both)["loss"].as_f64().unwrap(), losses.sum::<f64>() / 2.0);
    assert!(ensemble <= mean, "{ensemble}, {mean}");
    home.fude("eval small small.safetensors").ends_with(2).says(&["there is no file small.safetensors"]);
}

fn looks_of_first(home: &Home) -> serde_json::Value {
    let runs = home.runs("small");
    let first = runs.iter().find(|run| run.to_string_lossy().ends_with("-s0")).expect("a run of seed 0").display();
    home.fude(&format!("eval {first} --looks 3 --json")).ends_with(0).json()
}

#[test]
fn looks_at_images_that_a_run_never_deformed_are_refused() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home.fude("eval small --looks 2").ends_with(2).says(&["was not trained on deformed images"]);
    home.fude("train small.toml --set eval.looks=2").ends_with(2).says(&[
        "eval.looks",
        "0 without [augment]",
        "found 2",
    ]);
}
