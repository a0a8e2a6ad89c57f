//! `fude bench`.

use crate::output::require_folder;
use crate::table::{bytes, table};
use crate::ui::{Ui, print_out};
use anyhow::{Context, Result};
use fude_bench::{Bench, BenchError, BenchEvent, Comparison, Machine, Report, Row, Spread, Subject, Worker, serve};
use fude_engine::EngineKind;
use fude_record::{Experiment, Override, write_atomically};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// What is measured where nothing is named: the study's two networks.
const EXPERIMENTS: [&str; 2] = ["experiments/e1-l2.toml", "experiments/e3-deep-l2.toml"];

/// Times an epoch of training: engines and devices side by side.
///
/// Each row is measured in a process of its own. Rounds go over all of them, one epoch each, so that whatever else the
/// machine does meets all alike; the first round warms up and is not counted. Without `--data`, on 60,000 images:
/// Fashion-MNIST where it is in the cache folder, or the built-in images repeated.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude bench                                              both networks of the study on all engines and devices
  fude bench --engine fused --device cpu --seeds 8        8 models at once against one
  fude bench --experiment mine.toml --data ../images --json bench.json")]
pub(crate) struct BenchArgs {
    /// An experiment file; may be given several times. Without it, the study's first and third.
    #[arg(long = "experiment", value_name = "FILE")]
    experiments: Vec<PathBuf>,
    /// burn or fused; may be given several times. Without it, all engines of this build.
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<EngineKind>,
    /// gpu, cpu, or a part of a device's name; may be given several times. Without it, all real devices.
    #[arg(long = "device", value_name = "DEVICE")]
    devices: Vec<String>,
    /// Count software adapters (llvmpipe, WARP) as GPUs.
    #[arg(long)]
    allow_software: bool,
    /// Epochs of each row that are measured, after one that warms up.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    epochs: u32,
    /// Train on these data: kmnist, fashion, mnist, k49, kana, or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Measure M models trained at once too, against one.
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    seeds: u16,
    /// Put a value over the files': train.batch=512. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Another program to measure beside, words apart by blanks: it speaks the protocol of experiments/peers. May be
    /// given several times.
    #[arg(long = "peer", value_name = "COMMAND")]
    peers: Vec<String>,
    /// Leave the figures in this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Be the process of a row: read what to do from stdin.
    #[arg(long, hide = true, exclusive = true)]
    worker: bool,
}

pub(crate) fn run(args: &BenchArgs, ui: Ui) -> Result<()> {
    if args.worker {
        return Ok(serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock())?);
    }
    let bench = bench(args)?;
    args.json.as_deref().map_or(Ok(()), require_folder)?;
    let mut progress = Progress::new(ui);
    let report = bench.run(&mut |event| progress.show(event));
    progress.bar.finish_and_clear();
    let report = report.map_err(|error| match error {
        // Its exit code depends on what is wrong.
        BenchError::Train(error) => error.into(),
        other => anyhow::Error::from(other),
    })?;
    show(&report, args.epochs, ui);
    args.json.as_ref().map_or(Ok(()), |path| write(&report, path))
}

fn bench(args: &BenchArgs) -> Result<Bench> {
    let usual = || EXPERIMENTS.map(PathBuf::from).to_vec();
    let files = if args.experiments.is_empty() { usual() } else { args.experiments.clone() };
    let mut subjects = Subject::of_fude(&args.engines, &args.devices, args.allow_software, usize::from(args.seeds));
    subjects.extend(args.peers.iter().cloned().map(Subject::Peer));
    let program = std::env::current_exe().context("cannot find this program to start it again")?;
    Ok(Bench {
        experiments: files.iter().map(|path| Experiment::load(path, &args.set)).collect::<Result<_, _>>()?,
        data: args.data.clone(),
        subjects,
        epochs: args.epochs,
        allow_software: args.allow_software,
        worker: Worker { program, arguments: vec!["bench".into(), "--worker".into()] },
    })
}

/// What is shown meanwhile.
struct Progress {
    ui: Ui,
    bar: ProgressBar,
}

impl Progress {
    fn new(ui: Ui) -> Self {
        Self { ui, bar: ProgressBar::hidden() }
    }

    fn show(&mut self, event: BenchEvent) {
        let ui = self.ui;
        match event {
            BenchEvent::Note(text) => self.bar.suspend(|| ui.note(text)),
            BenchEvent::Skipped(text) => self.bar.suspend(|| ui.warning(text)),
            BenchEvent::Round { done, of } => {
                if self.bar.length() != Some(of.into()) && ui.draws_progress() {
                    self.bar = ProgressBar::new(of.into());
                    if let Ok(style) = ProgressStyle::with_template("round {pos} of {len} {bar:30} {elapsed}") {
                        self.bar.set_style(style.progress_chars("━╸ "));
                    }
                }
                self.bar.set_position(done.into());
            }
        }
    }
}

fn show(report: &Report, epochs: u32, ui: Ui) {
    let header = [
        "experiment",
        "engine",
        "device",
        "s/epoch",
        "range",
        "ms/step",
        "images/s",
        "GFLOP/s",
        "of peak",
        "dispatches",
        "first step",
        "on device",
        "host peak",
    ];
    print_out(&table(&header, report.rows.iter().map(cells).collect()));
    let comparisons = report.comparisons();
    if !comparisons.is_empty() {
        print_out("");
        comparisons.iter().for_each(|comparison| print_out(&compared(comparison)));
    }
    let Machine { cpu, threads, simd, sgemm_gflops, .. } = &report.machine;
    print_out(&format!(
        "\n{cpu}, {threads} threads, {simd}; peak: {sgemm_gflops:.0} GFLOP/s, the most that the gemm crate came to\n\
         epochs of each row: {epochs} after one to warm up; medians, and ranges from fastest to slowest"
    ));
    if report.machine.was_busy() {
        let load = report.machine.load_before.unwrap_or_default();
        ui.warning(format!(
            "other work ran too (load {load:.1} before): times are too long, and ratios tell less, for programs suffer \
             from it in different ways"
        ));
    }
}

fn cells(row: &Row) -> Vec<String> {
    let unknown = || "-".to_owned();
    let models = if row.models > 1 { format!(" x{}", row.models) } else { String::new() };
    let range = Spread::of(row.epoch_seconds.iter().copied());
    vec![
        row.experiment.clone(),
        format!("{}{models}", row.engine),
        format!("{} {}", row.device_kind, row.device),
        seconds(row.epoch_seconds_median),
        range.map_or_else(unknown, |range| format!("{}-{}", seconds(range.min), seconds(range.max))),
        format!("{:.3}", row.step_ms),
        HumanCount(row.samples_per_second as u64).to_string(),
        format!("{:.0}", row.gflops),
        row.peak_fraction.map_or_else(unknown, |share| format!("{:.0} %", 100.0 * share)),
        row.dispatches_per_step.map_or_else(unknown, |count| count.to_string()),
        format!("{:.2} s", row.first_step_seconds),
        row.device_bytes.map_or_else(unknown, bytes),
        row.host_peak_bytes.map_or_else(unknown, bytes),
    ]
}

/// Three digits.
fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{s:.3}"),
        s if s < 10.0 => format!("{s:.2}"),
        s => format!("{s:.1}"),
    }
}

fn compared(comparison: &Comparison) -> String {
    let Comparison { experiment, who, with, ratio: Spread { median, min, max } } = comparison;
    format!("{experiment}: {who} is {median:.2} {with} ({min:.2}-{max:.2} over rounds)")
}

fn write(report: &Report, path: &Path) -> Result<()> {
    let bytes = serde_json::to_vec_pretty(report)?;
    write_atomically(path, &bytes).with_context(|| format!("cannot write {}", path.display()))
}
