//! Machines without the device that was asked for. `Home` hides every Vulkan driver.
#![cfg(target_os = "linux")]

use crate::home::Home;

#[test]
fn requiring_a_gpu_where_there_is_none_is_an_error() {
    let home = Home::with_small_experiment("");
    let before = home.snapshot();
    for device in ["auto", "gpu", "cpu"] {
        let ran = home.fude(&format!("train small.toml --require-gpu --device {device}"));
        ran.ends_with(1).says(&["error: no GPU: "]);
    }
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn asking_for_a_gpu_where_there_is_none_warns_once_and_trains() {
    let home = Home::with_small_experiment("");
    let ran = home.fude("train small.toml --device gpu --json").ends_with(0);
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let gpu_build = warnings[0].contains("looked for a Vulkan adapter, found none");
    assert!(gpu_build || warnings[0].contains("no GPU support"), "{warnings:?}");
    assert!(warnings[0].ends_with("training on the CPU"), "{warnings:?}");
    assert_eq!(ran.json()["device_kind"], "cpu");
}

#[test]
fn auto_takes_the_cpu_without_a_warning_and_says_why() {
    let home = Home::with_small_experiment("");
    let ran = home.fude("train small.toml").ends_with(0).says(&["note: on the cpu ", "no GPU"]);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn an_unknown_device_lists_what_there_is() {
    let home = Home::with_small_experiment("");
    let before = home.snapshot();
    let ran = home.fude("train small.toml --device nosuchthing").ends_with(1);
    ran.says(&["no device has 'nosuchthing' in its name; found: ", "(CPU)"]);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn devices_names_the_processor_and_what_auto_takes() {
    let home = Home::new();
    let devices = home.fude("devices --json").ends_with(0).json();
    assert_eq!((&devices["adapters"], &devices["auto"]["kind"]), (&serde_json::json!([]), &"cpu".into()));
    let text = home.fude("devices").ends_with(0).stdout;
    assert!(text.contains("GPU: none found") && text.contains("auto takes the cpu"), "{text}");
}

#[test]
fn without_a_gpu_nothing_is_tried_and_there_is_nothing_to_forget() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    assert!(!home.path("cache/fude/device-trials.json").exists());
    let devices = home.fude("devices --forget --json").ends_with(0).json();
    assert_eq!((&devices["trials"], &devices["auto"]["by_trial"]), (&serde_json::json!([]), &false.into()));
}

#[test]
fn trials_of_another_machine_are_not_shown_and_damaged_ones_disturb_nobody() {
    let home = Home::new();
    for content in ["{\"schema\": 1, \"tri", ANOTHER_MACHINE] {
        home.write("cache/fude/device-trials.json", content);
        assert_eq!(home.fude("devices --json").ends_with(0).json()["trials"], serde_json::json!([]));
    }
    home.fude("devices --forget").ends_with(0);
    assert!(!home.path("cache/fude/device-trials.json").exists());
}

const ANOTHER_MACHINE: &str = r#"{"schema": 1, "trials": [{"machine": "Radeon (Vulkan, RADV); Ryzen (AVX-512, 16 threads)",
    "work": "784-128-10, relu, batch 128", "version": "0.1.0", "figures": [{"device": "Radeon", "kind": "gpu",
    "engine": "fused", "step_ms": 0.5, "untimed": null, "failed": false}]}]}"#;
