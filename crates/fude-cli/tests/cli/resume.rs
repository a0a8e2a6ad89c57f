//! Going on: extended runs, damaged checkpoints, other data.

use crate::fixtures::idx_images;
use crate::home::{Home, metrics, snapshot};
use std::path::{Path, PathBuf};

/// What two runs must share to the bit: the model, the checkpoint's tensors, and all of the metrics but seconds.
pub(crate) fn timeless(run: &Path) -> (Vec<u8>, Vec<u8>, Vec<serde_json::Value>) {
    let mut records = metrics(run);
    for record in &mut records {
        record.as_object_mut().expect("an object").remove("seconds");
    }
    (read(run, "best.safetensors"), checkpoint_tensors(&read(run, "last.ckpt")), records)
}

pub(crate) fn read(run: &Path, name: &str) -> Vec<u8> {
    std::fs::read(run.join(name)).expect("a file of the run")
}

/// The tensors' bytes: behind the checkpoint's own header and that of the safetensors file within, which tells seconds.
fn checkpoint_tensors(bytes: &[u8]) -> Vec<u8> {
    let payload = &bytes[52..];
    let header = u64::from_le_bytes(payload[..8].try_into().expect("8 bytes")) as usize;
    payload[8 + header..].to_vec()
}

fn copy(home: &Home, run: &Path, name: &str) -> PathBuf {
    let to = home.path("runs/small").join(name);
    std::fs::create_dir(&to).expect("a new folder");
    for (file, bytes) in snapshot(run) {
        std::fs::write(to.join(file), bytes).expect("a new file");
    }
    to
}

/// A finished run with two good checkpoints, made to look unfinished.
fn unfinished(home: &Home) -> PathBuf {
    home.fude("train small.toml --set checkpoint.seconds=0").ends_with(0);
    let run = home.run("small");
    std::fs::remove_file(run.join("summary.json")).expect("a summary");
    run
}

#[test]
fn an_extended_run_equals_one_that_was_as_long_from_the_beginning() {
    let home = Home::with_small_experiment("early_stopping.patience = 100");
    home.fude("train small.toml --epochs 3").ends_with(0);
    let short = home.run("small");
    home.fude("train small.toml --epochs 7 --out long").ends_with(0);
    let long = home.small_run("long");
    home.fude("train --resume small --epochs 7").ends_with(0).says(&["going on with", "after epoch 3, step 0"]);
    assert!(timeless(&short) == timeless(&long), "{:?}\n{:?}", timeless(&short).2, timeless(&long).2);
    let again = home.fude("train --resume small --epochs 7").ends_with(2);
    again.says(&["has finished after 7 epochs; give --epochs over 7 to extend it"]);
    assert!(short.join("summary.json").is_file());
}

#[test]
fn with_nothing_unfinished_it_starts_from_the_beginning_and_says_so() {
    let home = Home::with_small_experiment("");
    let note = "no unfinished run of small with seed 4: starting from the beginning";
    home.fude("train small.toml --resume --seed 4").ends_with(0).says(&[note]);
    home.fude("train small.toml --resume --seed 4").ends_with(0).says(&[note]);
    assert_eq!(home.runs("small").len(), 2);
}

#[test]
fn the_same_command_with_resume_goes_on_and_one_with_other_settings_is_refused() {
    let home = Home::with_small_experiment("");
    let train = "train small.toml --seed 4 --set train.batch=20";
    home.fude(train).ends_with(0);
    let run = home.run("small");
    std::fs::remove_file(run.join("summary.json")).unwrap();
    let before = home.snapshot();
    let other = home.fude("train small.toml --seed 4 --set train.batch=40 --resume").ends_with(2);
    other.says(&["was started with other settings than small.toml has now"]);
    home.fude("train --resume small --seed 5").ends_with(2).says(&["a resumed run keeps its experiment"]);
    assert!(home.snapshot() == before);
    home.fude(&format!("{train} --resume")).ends_with(0).says(&["going on with"]);
    assert!(run.join("summary.json").is_file() && home.runs("small").len() == 1);
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_one_before_and_two_are_an_error() {
    let home = Home::with_small_experiment("");
    let run = unfinished(&home);
    let whole = timeless(&run);
    let mut damaged = read(&run, "last.ckpt");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(run.join("last.ckpt"), &damaged).unwrap();
    let both = copy(&home, &run, "both-damaged");
    std::fs::write(both.join("previous.ckpt"), &damaged[..100]).unwrap();

    let ran = home.fude(&format!("train --resume {}", run.display())).ends_with(0);
    ran.says(&[
        "warning: ",
        "last.ckpt: damaged checkpoint: its checksum is wrong; going on from the checkpoint before",
    ]);
    assert!(timeless(&run) == whole);

    let before = snapshot(&both);
    let ran = home.fude(&format!("train --resume {}", both.display())).ends_with(1);
    ran.says(&["error: ", "both-damaged/last.ckpt: damaged checkpoint: its checksum is wrong"]);
    assert!(snapshot(&both) == before, "something was overwritten");
}

#[test]
fn other_data_are_refused_and_nothing_is_overwritten() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let before = home.snapshot();
    let ran = home.fude("train --resume small --epochs 5 --data kana").ends_with(1);
    ran.says(&[
        "images, not on kana; a run goes on with the data it began with, and --data only tells where those lie now",
        "the training images of kana are not those that this run was started with: expected",
    ]);
    let ran = home.fude("train --resume small --data kana").ends_with(2);
    ran.says(&[
        "has finished after 2 epochs; a run goes on with the data it began with",
        "`fude train EXPERIMENT --init ",
    ]);
    home.write("images/t10k-images-idx3-ubyte", idx_images(100, 7));
    let ran = home.fude("train --resume small --epochs 5").ends_with(1);
    ran.says(&["error: the test images of images are not those that this run was started with: expected fingerprint "]);
    home.write("images/t10k-images-idx3-ubyte", idx_images(100, 2));
    assert!(home.snapshot() == before, "something was overwritten");
}

#[test]
fn a_run_that_began_on_the_fallback_goes_on_with_it_when_the_real_data_have_come() {
    let home = Home::with_small_experiment("");
    let text = "name = \"fall\"\ndataset = \"kmnist\"\nfallback = \"kana\"\ndata.limit = 500\ntrain.epochs = 1\n";
    home.write("fall.toml", text);
    home.fude("train fall.toml").ends_with(0);
    home.fude("train fall.toml --epochs 2 --out alone").ends_with(0);
    std::fs::create_dir_all(home.path("cache/fude")).unwrap();
    std::fs::rename(home.path("images"), home.path("cache/fude/kmnist")).unwrap();
    let ran = home.fude("train --resume fall --epochs 2 --json").ends_with(0);
    let ran =
        ran.says(&["warning: this run began on the built-in drawn set 'kana' and goes on with it, although kmnist is"]);
    assert_eq!((&ran.json()["dataset"], &ran.json()["dataset_fallback"]), (&"kana".into(), &true.into()));
    let alone = only_run(&home.path("alone/fall"));
    assert!(timeless(&home.run("fall")) == timeless(&alone));
}

fn only_run(folder: &Path) -> PathBuf {
    std::fs::read_dir(folder).expect("a folder").next().expect("a run").expect("a readable folder").path()
}

#[test]
fn a_file_beside_a_named_run_must_be_of_the_same_experiment() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --set train.batch=20").ends_with(0);
    home.write("other.toml", "name = \"other\"\ndataset = \"images\"\nmodel.hidden = [8]\ntrain.batch = 20\n");
    let before = home.snapshot();
    let ran = home.fude("train other.toml --resume small --epochs 5").ends_with(2);
    let ran = ran.says(&["was started with other settings than other.toml has now (", "model.hidden was [16], is [8]"]);
    ran.says(&["name was \"small\", is \"other\"", "go on with it as it was with --resume runs/small/"]);
    let ran = home.fude("train small.toml --resume small --epochs 5").ends_with(2);
    ran.says(&["(train.batch was 20, is 32)"]);
    assert!(home.snapshot() == before, "something was overwritten");
    let ran = home.fude("train small.toml --resume small --set train.batch=20 --epochs 5").ends_with(0);
    ran.says(&["going on with runs/small/"]);
}

#[test]
fn more_epochs_for_a_falling_learning_rate_are_warned_of() {
    let home = Home::with_small_experiment("train.schedule = \"cosine\"");
    home.fude("train small.toml").ends_with(0);
    let ran = home.fude("train --resume small --epochs 4").ends_with(0);
    ran.says(&["warning: the learning rate followed its schedule to epoch 2 and goes on as if it led to epoch 4"]);
}

#[test]
fn a_run_killed_before_its_first_checkpoint_counts_no_epoch_twice() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let run = home.run("small");
    let whole = timeless(&run);
    for name in ["summary.json", "last.ckpt", "previous.ckpt"] {
        std::fs::remove_file(run.join(name)).unwrap();
    }
    std::fs::write(run.join(".fude-half-written"), "x").unwrap();
    home.fude("train small.toml --resume").ends_with(0).says(&["no checkpoint yet: starting from its beginning"]);
    assert!(timeless(&run) == whole);
    assert!(!run.join(".fude-half-written").exists());
}

#[test]
fn a_run_killed_early_still_knows_the_weights_it_was_to_start_from() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --seed 9 --out first").ends_with(0);
    let model = home.small_run("first").join("best.safetensors");
    home.fude(&format!("train small.toml --init {}", model.display())).ends_with(0);
    let run = home.run("small");
    let whole = timeless(&run);
    for name in ["summary.json", "last.ckpt"] {
        std::fs::remove_file(run.join(name)).unwrap();
    }
    home.fude("train small.toml --resume").ends_with(0).says(&["after epoch 0, step 0"]);
    assert!(timeless(&run) == whole);
}

#[test]
fn what_cannot_be_extended_is_refused_and_keeps_its_summary() {
    let home = Home::with_small_experiment("early_stopping.patience = 1");
    home.fude("train small.toml --set train.learning_rate=0.0 --epochs 5").ends_with(0);
    let before = home.snapshot();
    home.fude("train --resume small --epochs 50").ends_with(2).says(&["was ended by early stopping after 2 epochs"]);
    let missing = home.fude("train --resume small --engine nonsense --epochs 50").ends_with(2);
    missing.says(&["expected burn or fused"]);
    assert!(home.snapshot() == before, "something was overwritten");
}

#[test]
fn fewer_epochs_than_were_begun_are_refused() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    std::fs::remove_file(home.run("small").join("summary.json")).unwrap();
    home.fude("train --resume small --epochs 1").ends_with(2).says(&["has begun epoch 2 already"]);
    home.fude("train --resume small --epochs 0").ends_with(2).says(&["error: --epochs 0: train.epochs: expected 1 to"]);
}

#[test]
fn a_run_that_another_process_works_on_is_left_alone() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let run = home.run("small");
    std::fs::remove_file(run.join("summary.json")).unwrap();
    let lock = fude_record::RunFolder::open(&run).unwrap().lock().unwrap();
    home.fude("train --resume small").ends_with(1).says(&["another fude is working on this run"]);
    home.fude("train small.toml --resume").ends_with(0).says(&["starting from the beginning"]);
    let path = run.display();
    home.fude(&format!("runs --remove {path}")).ends_with(1).says(&["another fude is working on this run"]);
    drop(lock);
    home.fude(&format!("train --resume {path}")).ends_with(0);
}

#[test]
fn weights_that_an_update_made_no_numbers_do_not_replace_a_good_checkpoint() {
    let home = Home::with_small_experiment("checkpoint.seconds = 0.0");
    let one_step = "train small.toml --epochs 1 --set train.batch=60000 --set train.learning_rate=3e38";
    home.fude(&format!("{one_step} --set train.weight_decay=1e38")).ends_with(3).says(&["epoch 1"]);
    let run = home.run("small");
    assert!(!run.join("summary.json").exists() && !run.join("best.safetensors").exists());
    home.fude("train --resume small").ends_with(3).says(&["going on with", "after epoch 0, step 0"]);
}
