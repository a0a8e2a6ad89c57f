//! `fude devices`.

use crate::table::bytes;
use crate::ui::{Ui, print_json, print_out};
use anyhow::Result;
use fude_engine::{Adapter, CpuInfo, DeviceOptions, adapters, choose_device};
use serde_json::json;

/// Lists the devices of this machine and which one `auto` takes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude devices --json")]
pub(crate) struct DevicesArgs {
    /// One line of JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Count software adapters (llvmpipe, WARP) as GPUs.
    #[arg(long)]
    allow_software: bool,
}

pub(crate) fn run(args: &DevicesArgs, _ui: Ui) -> Result<()> {
    let (adapters, cpu) = (adapters(), CpuInfo::of_this_machine());
    let options = DeviceOptions { allow_software: args.allow_software, ..Default::default() };
    let choice = choose_device(&options)?;
    if args.json {
        let auto = json!({ "device": choice.device.name(), "kind": choice.device.kind(), "why": choice.why });
        return print_json(&json!({ "adapters": adapters, "cpu": cpu, "auto": auto }));
    }
    for adapter in &adapters {
        print_out(&describe(adapter));
    }
    if adapters.is_empty() {
        print_out("GPU: none found");
    }
    print_out(&format!("CPU: {}\n  {} threads, {}", cpu.name, cpu.threads, cpu.simd));
    print_out(&format!("auto takes the {} {} ({})", choice.device.kind(), choice.device.name(), choice.why));
    Ok(())
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
