//! Where the program's text goes, and what happens when it gets nowhere.

use crate::home::{Home, Ran};
use std::process::Stdio;

/// Commands with little and much text, JSON, and what clap prints by itself.
const COMMANDS: [&str; 7] =
    ["runs", "runs --json", "devices", "summary small.toml", "completions bash", "--help", "--version"];

#[cfg(target_os = "linux")]
#[test]
fn text_that_a_full_disk_swallows_is_an_error() {
    let home = Home::with_small_experiment("");
    for command in COMMANDS.iter().chain(&["train small.toml", "train small.toml --json", "eval small", "data stats"]) {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = Ran::of(&home.command(command).stdout(full).output().unwrap());
        assert_eq!(ran.code, Some(1), "{command}: {}", ran.stderr);
        ran.says(&["error: cannot write to stdout", "No space left on device"]);
    }
    // The run itself is whole.
    assert_eq!(home.fude("runs --json").json()[1]["finished"], true);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::with_small_experiment("");
    for command in COMMANDS {
        let mut child = home.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}");
    }
}
