//! `fude doctor`.

use crate::commands::devices::describe;
use crate::table::table;
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Result, bail};
use fude_engine::{Adapter, CheckCase, Device, DeviceError, ShaderCheck, check_shaders, open_adapters};
use serde::Serialize;
use std::time::Instant;

/// Compares every shader with slow, obvious arithmetic on this machine's GPUs.
///
/// What a report of wrong results needs: driver, limits, and which shader is off by how much. Exit code 1 where one is, and
/// where there is no GPU to look at.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  fude doctor --json > doctor.json")]
pub(crate) struct DoctorArgs {
    /// Software adapters (llvmpipe, WARP) too.
    #[arg(long)]
    allow_software: bool,
    /// One line of JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// What was found of one GPU.
#[derive(Serialize)]
struct Finding {
    adapter: Adapter,
    ok: bool,
    /// Why it could not be opened, or failed in between.
    error: Option<String>,
    seconds: f64,
    shaders: Vec<ShaderCheck>,
}

pub(crate) fn run(args: &DoctorArgs, ui: Ui) -> Result<()> {
    let opened = open_adapters(args.allow_software);
    let found_none = opened.is_empty();
    let mut findings = Vec::new();
    for (adapter, device) in opened {
        ui.note(format!("{}: some seconds", adapter.name));
        let finding = examine(adapter, device);
        if !args.json {
            print_finding(&finding);
        }
        findings.push(finding);
    }
    if args.json {
        print_json(&findings)?;
    }
    if found_none {
        bail!("no GPU to look at, so nothing was compared (--allow-software takes software adapters)");
    }
    let wrong: Vec<&str> = findings.iter().filter(|f| !f.ok).map(|f| f.adapter.name.as_str()).collect();
    if !wrong.is_empty() {
        bail!("not as it should be: {}", wrong.join(", "));
    }
    Ok(())
}

fn examine(adapter: Adapter, device: Result<Device, DeviceError>) -> Finding {
    let start = Instant::now();
    let checked = match device {
        Ok(device) => check_shaders(&device, &CheckCase::usual()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let seconds = start.elapsed().as_secs_f64();
    let (shaders, error) = match checked {
        Ok(shaders) => (shaders, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let ok = error.is_none() && shaders.iter().all(|shader| shader.mismatch.is_none());
    Finding { adapter, ok, error, seconds, shaders }
}

fn print_finding(finding: &Finding) {
    print_out(&describe(&finding.adapter));
    if let Some(error) = &finding.error {
        print_out(&format!("  {error}"));
        return;
    }
    let row = |check: &ShaderCheck| {
        let word = if check.mismatch.is_some() { "wrong" } else { "right" };
        let milliseconds = check.milliseconds.map_or("-".into(), |ms| format!("{ms:.2}"));
        let worst = format!("{:.0} %", 100.0 * check.worst);
        vec![check.shader.to_owned(), word.to_owned(), check.compared.to_string(), worst, milliseconds]
    };
    let header = ["shader", "", "numbers", "error / tolerance", "fastest ms"];
    print_out(&table(&header, finding.shaders.iter().map(row).collect()));
    for check in &finding.shaders {
        if let Some(mismatch) = &check.mismatch {
            print_out(&format!("{}: {mismatch}", check.shader));
        }
    }
}
