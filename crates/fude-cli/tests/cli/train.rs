//! What `fude train` does and leaves.

use crate::home::{Home, json_file, published};

const RUN_FILES: [&str; 8] = [
    "best.safetensors",
    "confusion_matrix.png",
    "experiment.toml",
    "last.ckpt",
    "learning_curve.png",
    "metrics.jsonl",
    "mistakes.png",
    "summary.json",
];

#[test]
fn the_first_command_of_the_readme_trains_without_network_and_says_on_what() {
    let home = Home::new();
    let ran = home.fude(&format!("train {} --epochs 2 --device cpu --json", published("e1-l2.toml"))).ends_with(0);
    let ran = ran.says(&["warning: data set kmnist not found", "fude data fetch kmnist", "FALLING BACK", "'kana'"]);
    let run = home.run("e1-l2");
    for name in RUN_FILES {
        assert!(run.join(name).is_file(), "{name} is missing");
    }
    let summary = ran.summary();
    assert_eq!(summary, json_file(&run.join("summary.json")));
    assert_eq!(home.path(ran.json()["run"].as_str().unwrap()), run);
    assert_eq!((&summary["dataset"], &summary["dataset_fallback"]), (&"kana".into(), &true.into()));
    assert_eq!((&summary["epochs"], &summary["parameters"]), (&2.into(), &(100_480 + 1_290).into()));
    assert!(summary["test_accuracy"].as_f64().unwrap() > 0.8, "{summary}");
    assert!(summary["total_loss"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_recorded_experiment_is_complete_and_trains_again_to_the_same_bits() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --set train.batch=50 --set model.dropout=0.1 --seed 7").ends_with(0);
    let run = home.run("small");
    let recorded = std::fs::read_to_string(run.join("experiment.toml")).unwrap();
    for line in ["batch = 50", "dropout = 0.1", "seed = 7", "beta1 = 0.9", "split_seed = 0"] {
        assert!(recorded.contains(line), "expected '{line}' in {recorded}");
    }
    home.write("again.toml", recorded);
    home.fude("train again.toml --out elsewhere").ends_with(0);
    let again = home.small_run("elsewhere");
    let bytes = |folder: &std::path::Path| std::fs::read(folder.join("best.safetensors")).unwrap();
    assert_eq!(bytes(&run), bytes(&again));
}

#[test]
fn equal_seeds_give_equal_files_and_others_do_not() {
    let home = Home::with_small_experiment("");
    let model = |out: &str, seed: u32| {
        let mut summary =
            home.fude(&format!("train small.toml --seed {seed} --out {out} --json")).ends_with(0).summary();
        let run = home.small_run(out);
        for timed in ["seconds", "epoch_seconds_median", "samples_per_second"] {
            summary.as_object_mut().unwrap().remove(timed);
        }
        (std::fs::read(run.join("best.safetensors")).unwrap(), summary)
    };
    let first = model("a", 1);
    assert_eq!(first, model("b", 1));
    assert_ne!(first.0, model("c", 2).0);
}

#[test]
fn a_fast_dev_run_leaves_nothing() {
    let home = Home::with_small_experiment("");
    let before = home.snapshot();
    let ran = home.fude("train small.toml --fast-dev-run --device cpu --json").ends_with(0);
    assert!(ran.json()["run"].is_null(), "{}", ran.stdout);
    assert!(home.snapshot() == before, "something was written");
    assert!(!home.path("runs").exists());
}

#[test]
fn quiet_leaves_the_result_and_the_warnings() {
    let home = Home::with_small_experiment("eval.test_each_epoch = true");
    let ran = home.fude("train small.toml -q").ends_with(0);
    assert!(ran.stderr.lines().all(|line| line.starts_with("warning: ")), "{}", ran.stderr);
    assert!(ran.stdout.contains("test accuracy"), "{}", ran.stdout);
    let loud = home.fude("train small.toml").ends_with(0);
    assert!(loud.stderr.contains("note: ") && loud.stderr.contains("epoch   2/2"), "{}", loud.stderr);
}

#[test]
fn verbose_says_what_is_done_and_how_long_it_takes() {
    let home = Home::with_small_experiment("");
    let ran = home.fude("train small.toml -v").ends_with(0);
    let ran =
        ran.says(&["reading ", "400 training and 100 test images", "device: the cpu ", "engine: fused on the cpu "]);
    ran.says(&[
        "checkpoint after epoch 2, step 0: ",
        " KiB written in ",
        "trained and evaluated in ",
        "plots drawn in ",
    ]);
    let silent = home.fude("train small.toml").ends_with(0);
    assert!(!silent.stderr.contains("INFO") && !silent.stderr.contains("checkpoint after"), "{}", silent.stderr);
}

#[test]
fn a_run_starts_from_the_weights_of_another() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let model = home.run("small").join("best.safetensors");
    let from_file = format!("train small.toml --init {} --epochs 1 --out b --json", model.display());
    let (first, warm) = (home.fude("train small.toml --epochs 1 --out a --json"), home.fude(&from_file));
    assert_eq!(warm.summary(), home.fude("runs --out b --json").json()[0]["summary"]);
    let loss = |ran: crate::home::Ran| ran.ends_with(0).json()["train_loss"].as_f64().unwrap();
    assert!(loss(warm) < loss(first));
}

#[test]
fn weights_of_another_shape_are_refused() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let before = home.snapshot();
    let ran = home.fude("train small.toml --init small --set model.hidden=[8]");
    ran.ends_with(1).says(&["another shape", "784-8-10"]);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn version_names_the_engines_and_completions_exist_for_each_shell() {
    let home = Home::new();
    let version = home.fude("--version").ends_with(0).stdout;
    assert!(version.starts_with(concat!("fude ", env!("CARGO_PKG_VERSION"))), "{version}");
    assert!(version.contains("engines: ") && version.contains("GPU: "), "{version}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = home.fude(&format!("completions {shell}")).ends_with(0).stdout;
        assert!(script.contains("fast-dev-run"), "{shell}: {script}");
    }
}

#[test]
fn help_documents_the_exit_codes() {
    let help = Home::new().fude("--help").ends_with(0).stdout;
    for text in ["Exit codes:", "3  the loss became NaN or infinite", "130  ended by Ctrl-C", "FUDE_CACHE"] {
        assert!(help.contains(text), "expected '{text}' in {help}");
    }
}
