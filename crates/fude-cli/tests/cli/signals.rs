//! Runs that are ended from outside.
#![cfg(unix)]

use crate::home::{Home, Ran};
use crate::resume::timeless;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Some 100 steps an epoch, so that most kills fall within one.
fn home() -> Home {
    let home = Home::new();
    home.idx_folder(2000, 100);
    home.small_experiment("checkpoint.seconds = 0.05\nearly_stopping.patience = 1000\nmodel.dropout = 0.2");
    home
}

fn start(home: &Home, arguments: &str) -> Child {
    let output =
        || Stdio::from(std::fs::File::options().append(true).create(true).open(home.path("stderr")).expect("a log"));
    home.command(arguments).stdout(Stdio::null()).stderr(output()).spawn().expect("fude starts")
}

/// Waits for a checkpoint that was written after `since`, or the end of the process.
fn wait_for_checkpoint(child: &mut Child, home: &Home, since: SystemTime) {
    let newer = |run: &Path| {
        let written = std::fs::metadata(run.join("last.ckpt")).and_then(|file| file.modified());
        written.is_ok_and(|time| time > since)
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while !home.runs("small").iter().any(|run| newer(run)) {
        assert!(Instant::now() < patience, "no checkpoint in a minute");
        if child.try_wait().expect("a child").is_some() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Milliseconds from 0 to 99, of no pattern that training could follow.
fn moment(kill: u32) -> Duration {
    let noise = std::process::id().wrapping_add(kill).wrapping_mul(2_654_435_761) >> 16;
    Duration::from_millis(u64::from(noise % 100))
}

#[test]
fn a_run_killed_ten_times_ends_with_the_same_bytes_as_one_left_alone() {
    for engine in ["fused", "burn"] {
        if Home::new().fude("--version").stdout.contains(engine) {
            kill_ten_times(engine);
        } else {
            println!("skipped: this build has no engine '{engine}'");
        }
    }
}

fn kill_ten_times(engine: &str) {
    let home = home();
    let train = |epochs: usize| format!("train small.toml --engine {engine} --resume --epochs {epochs}");
    // More epochs than it will ever do: however fast the machine, each kill finds a run to kill.
    let endless = train(100_000);

    for kill in 0..10 {
        let since = SystemTime::now();
        let mut child = start(&home, &endless);
        // Two kills fall into the start, wherever that is by then.
        if kill % 5 != 4 {
            wait_for_checkpoint(&mut child, &home, since);
        }
        std::thread::sleep(moment(kill));
        child.kill().expect("a child");
        child.wait().expect("a child");
    }
    let run = home.run("small");
    let recorded = std::fs::read_to_string(run.join("metrics.jsonl")).expect("metrics");
    let enough = train(recorded.lines().count() + 2);
    let ran = home.fude(&enough).ends_with(0);
    home.fude(&format!("{enough} --out alone")).ends_with(0);
    let alone = home.small_run("alone");
    assert!(timeless(&run) == timeless(&alone), "{:?}", ran.stderr);
    let log = std::fs::read_to_string(home.path("stderr")).expect("a log") + &ran.stderr;
    let resumed: Vec<&str> = log.lines().filter(|line| line.contains("going on with")).collect();
    assert!(resumed.len() >= 8, "{resumed:?}");
    assert!(resumed.iter().any(|line| !line.ends_with("step 0")), "no kill fell within an epoch: {resumed:?}");
    let left: Vec<_> =
        crate::home::snapshot(&run).into_keys().filter(|p| p.to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn ctrl_c_ends_with_130_and_a_checkpoint_to_go_on_from() {
    let home = home();
    home.fude("train small.toml --epochs 60 --out alone --set checkpoint.seconds=1000").ends_with(0);
    let alone = home.small_run("alone");

    let train = "train small.toml --epochs 60 --set checkpoint.seconds=1000 --resume";
    let child = home.command(train).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // No checkpoint is due for a long time: the first epoch's record tells that it trains.
    let patience = Instant::now() + Duration::from_secs(60);
    let trains = |run: &Path| std::fs::metadata(run.join("metrics.jsonl")).is_ok_and(|file| file.len() > 0);
    while !home.runs("small").iter().any(|run| trains(run)) {
        assert!(Instant::now() < patience, "no epoch in a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    let signalled = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    let ran = Ran::of(&child.wait_with_output().unwrap()).ends_with(130);
    let ran =
        ran.says(&["ending after this step (Ctrl-C again", "ended by Ctrl-C after epoch ", "go on with --resume"]);
    assert!(ran.stdout.is_empty());
    let run = home.run("small");
    assert!(run.join("last.ckpt").is_file() && !run.join("summary.json").exists());

    home.fude(train).ends_with(0).says(&["going on with"]);
    assert!(timeless(&run) == timeless(&alone));
}
