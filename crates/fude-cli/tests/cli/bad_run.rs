//! Runs that fail, folders that are no runs, disks that are full.

use crate::home::{Home, json_file, snapshot};

#[test]
fn a_loss_that_is_no_number_ends_with_3_and_keeps_the_last_checkpoint() {
    let home = Home::with_small_experiment("train.learning_rate = 1e30\ncheckpoint.seconds = 0.0");
    let ran = home.fude("train small.toml --json").ends_with(3);
    let ran = ran.says(&["error: the loss became ", " at step ", " of epoch 1", "the last good checkpoint stays in "]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    let run = home.run("small");
    assert!(run.join("last.ckpt").is_file() && !run.join("summary.json").exists());
    let before = snapshot(&run);
    // The checkpoint is sound: the run goes on from it, to the same end.
    home.fude("train small.toml --resume").ends_with(3).says(&["going on with", "step 1", "the loss became "]);
    assert_eq!(
        snapshot(&run)["last.ckpt".as_ref() as &std::path::Path].len(),
        before["last.ckpt".as_ref() as &std::path::Path].len()
    );
}

#[test]
fn a_file_in_place_of_the_runs_folder_is_an_error_with_its_path() {
    let home = Home::with_small_experiment("");
    home.write("taken", "mine");
    let before = home.snapshot();
    home.fude("train small.toml --out taken").ends_with(1).says(&["taken/small: "]);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn what_is_no_run_is_said_to_be_none() {
    let home = Home::with_small_experiment("");
    std::fs::create_dir_all(home.path("empty")).unwrap();
    for command in ["eval empty", "report empty", "compare empty", "train --resume empty", "runs --remove empty"] {
        let ran = home.fude(command).ends_with(2);
        let none = "no run 'empty': that folder has no experiment.toml and holds no runs";
        ran.says(&[none, "expected a run folder or an experiment's name", "no runs under runs"]);
    }
    assert!(home.path("empty").is_dir());
}

#[test]
fn an_unfinished_run_can_be_listed_and_not_compared() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let run = home.run("small");
    std::fs::remove_file(run.join("summary.json")).unwrap();
    assert!(home.fude("runs").ends_with(0).stdout.contains("unfinished"));
    for command in ["compare small", "eval small", "report small", "train small.toml --init small"] {
        home.fude(command)
            .ends_with(1)
            .says(&["has not finished: it has no summary.json; `fude train --resume runs/small/"]);
    }
    let lock = fude_record::RunFolder::open(&run).unwrap().lock().unwrap();
    home.fude("eval small").ends_with(1).says(&["has not finished", "another fude is working on it"]);
    drop(lock);
}

#[test]
fn a_name_stands_for_its_newest_finished_run_and_the_unfinished_one_is_told() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let finished = home.run("small");
    let later = finished.with_file_name("99990101T000000Z-s0");
    std::fs::create_dir(&later).unwrap();
    std::fs::copy(finished.join("experiment.toml"), later.join("experiment.toml")).unwrap();
    let name = finished.file_name().unwrap().to_string_lossy();
    let told = format!("99990101T000000Z-s0 has not finished and is passed over: 'small' stands for runs/small/{name}");
    for command in ["eval small", "report small", "export small --output a.onnx", "compare small", "quantize small"] {
        home.fude(command).ends_with(0).says(&["note: runs/small/", &told]);
    }
    home.fude("eval runs/small").ends_with(0).says(&["'runs/small' stands for"]);
    home.fude("train small.toml --init small --fast-dev-run").ends_with(0).says(&[&told]);
}

#[test]
fn unfinished_runs_of_a_list_are_left_out_of_a_comparison() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seeds 0,1").ends_with(0);
    let mut runs = home.runs("small");
    runs.sort();
    std::fs::remove_file(runs[0].join("summary.json")).unwrap();
    let [first, second] = [0, 1].map(|run| runs[run].display().to_string());
    let ran = home.fude(&format!("compare {first} {second} --json")).ends_with(0);
    let ran = ran.says(&[&format!("warning: {first} has not finished and is left out")]);
    assert_eq!(ran.json()["runs"].as_array().unwrap().len(), 1);
    home.fude(&format!("compare {first}")).ends_with(1).says(&["has not finished: it has no summary.json"]);
}

#[test]
fn a_model_that_is_gone_or_damaged_is_named() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let model = home.run("small").join("best.safetensors");
    std::fs::write(&model, "no model").unwrap();
    home.fude("eval small").ends_with(1).says(&["cannot use ", "best.safetensors", "not a safetensors file"]);
    std::fs::remove_file(&model).unwrap();
    home.fude("eval small").ends_with(1).says(&["cannot read ", "best.safetensors"]);
}

#[test]
fn a_summary_of_another_version_is_named() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let path = home.run("small").join("summary.json");
    let mut summary = json_file(&path);
    summary["schema"] = 99.into();
    std::fs::write(&path, summary.to_string()).unwrap();
    home.fude("compare small")
        .ends_with(1)
        .says(&["summary.json: not a summary of this version", "schema 1, found 99"]);
    assert!(home.fude("runs").ends_with(0).stdout.contains("other version"));
    std::fs::write(&path, "{\"schema\": 1}").unwrap();
    home.fude("report small").ends_with(1).says(&["summary.json: not a summary of this version", "missing field"]);
}

/// A limit on the size of files stands for a full disk: both make a write fail half-way.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_half_written_file() {
    // 784-16-10 has 50 KiB of parameters and a checkpoint of 150 KiB. `ulimit -f` counts blocks of 512 bytes, or of 1024
    // in some shells.
    for (blocks, fragment) in [(8, "best.safetensors"), (120, "last.ckpt")] {
        let home = Home::with_small_experiment("");
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &limited, env!("CARGO_BIN_EXE_fude")]);
        let output = home.within(shell, ["train", "small.toml", "--json"].into_iter()).output().unwrap();
        let ran = crate::home::Ran::of(&output).ends_with(1).says(&[fragment, "File too large"]);
        assert!(ran.stdout.is_empty());
        let run = home.run("small");
        let left: Vec<String> = snapshot(&run).keys().map(|path| path.display().to_string()).collect();
        assert!(left.iter().all(|name| !name.starts_with(".fude-")), "{left:?}");
        assert!(!left.iter().any(|name| name == fragment || name == "summary.json"), "{left:?}");
        // With room again, the run goes on.
        home.fude("train small.toml --resume").ends_with(0);
        assert!(run.join("summary.json").is_file());
    }
}
