//! `fude devices`.

use crate::table::bytes;
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result};
use fude_engine::{Adapter, Candidates, CpuInfo, DeviceOptions, adapters, choose_device};
use fude_train::{Trial, TrialMemory, machine};
use serde_json::json;

/// Lists the devices of this machine and which one `auto` takes.
///
/// Where there is a GPU, `fude train --device auto` times a model's steps on it and on the processor and takes the faster
/// one. What it found is remembered in the cache folder and shown here.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  fude devices --json\n  fude devices --forget       the next run tries again")]
pub(crate) struct DevicesArgs {
    /// One line of JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Count software adapters (llvmpipe, WARP) as GPUs.
    #[arg(long)]
    allow_software: bool,
    /// Forget what `auto` found in its trials.
    #[arg(long)]
    forget: bool,
}

pub(crate) fn run(args: &DevicesArgs, _ui: Ui) -> Result<()> {
    let memory = TrialMemory::of_this_user();
    if let Some(memory) = memory.as_ref().filter(|_| args.forget) {
        memory.forget().context("cannot forget the trials of this machine")?;
    }
    let (adapters, cpu) = (adapters(), CpuInfo::of_this_machine());
    let candidates = Candidates::of_this_machine(args.allow_software);
    let choice = choose_device(&DeviceOptions { allow_software: args.allow_software, ..Default::default() })?;
    let by_trial = candidates.only_cpu().is_none();
    let trials = trials_here(memory.as_ref(), &candidates);
    if args.json {
        let (device, kind) = (choice.device.name(), choice.device.kind());
        let auto = json!({ "device": device, "kind": kind, "why": choice.why, "by_trial": by_trial });
        return print_json(&json!({ "adapters": adapters, "cpu": cpu, "auto": auto, "trials": trials }));
    }
    for adapter in &adapters {
        print_out(&describe(adapter));
    }
    if adapters.is_empty() {
        print_out("GPU: none found");
    }
    print_out(&format!("CPU: {}\n  {} threads, {}", cpu.name, cpu.threads, cpu.simd));
    if by_trial {
        let names: Vec<String> = candidates.devices.iter().map(|d| format!("the {} {}", d.kind, d.name)).collect();
        print_out(&format!("auto takes, by a short trial of each model, the fastest of: {}", names.join(", ")));
    } else {
        print_out(&format!("auto takes the {} {} ({})", choice.device.kind(), choice.device.name(), choice.why));
    }
    trials.iter().for_each(|trial| print_out(&told(trial)));
    Ok(())
}

/// The trials that hold for the devices of this machine as they are now.
fn trials_here(memory: Option<&TrialMemory>, candidates: &Candidates) -> Vec<Trial> {
    let here = machine(candidates);
    let trials = memory.map(TrialMemory::trials).unwrap_or_default();
    trials.into_iter().filter(|trial| trial.machine == here).collect()
}

fn told(trial: &Trial) -> String {
    let winner = trial.winner().map(|figure| format!("the {} {}", figure.kind, figure.device)).unwrap_or_default();
    format!("  {}: {winner} ({})", trial.work, trial.why())
}

/// An adapter in some lines of text.
pub(crate) fn describe(adapter: &Adapter) -> String {
    format!(
        "GPU: {}\n  {}, {}, driver {}\n  bindings up to {}, buffers up to {}, workgroups of {} with {}, subgroups {}-{}{}",
        adapter.name,
        adapter.kind,
        adapter.api,
        adapter.driver,
        bytes(adapter.max_storage_binding),
        bytes(adapter.max_buffer),
        adapter.workgroup_invocations,
        bytes(adapter.workgroup_memory.into()),
        adapter.subgroup[0],
        adapter.subgroup[1],
        if adapter.f16 { ", f16" } else { "" }
    )
}
