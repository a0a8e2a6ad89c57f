//! The parts of a `fused` step, CPU kernels on one thread and GPU dispatches, each with an estimate beside its time.
//!
//! The estimate is the larger of two: the part's arithmetic at the rate of a large matrix product by the same engine, and its
//! bytes at the rate of Adam on a large layer. `cargo bench --bench step_parts [PATTERN]`; software adapters are left out
//! unless `FUDE_ALLOW_SOFTWARE` is set.

use divan::{Bencher, Divan};
use fude_engine::{Augmentation, Device, EngineError, StepOf, StepPart, step_parts};
use fude_model::{Activation, MlpConfig, Normalization};
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

fn main() {
    Divan::from_args().main();
}

/// A part to be timed.
struct Row {
    name: String,
    part: Mutex<StepPart>,
    /// Runs of an iteration: a submission of one dispatch would time the submission.
    times: u32,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[divan::bench(args = rows(), sample_count = 20, max_time = 1)]
fn parts(bencher: Bencher, row: &&'static Row) {
    let part = || row.part.lock().unwrap_or_else(PoisonError::into_inner);
    let run = |()| assert!(part().run(row.times).is_ok(), "{row} failed");
    bencher.with_inputs(|| part().prepare()).bench_local_values(run);
}

/// Every part of every step on every device, made when first asked for.
fn rows() -> &'static [&'static Row] {
    static ROWS: OnceLock<Vec<&'static Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut rows = Vec::new();
        for device in devices() {
            match rows_of(&device) {
                Ok(of_device) => rows.extend(of_device),
                Err(error) => eprintln!("{}: {error}", device.name()),
            }
        }
        rows
    })
}

fn devices() -> Vec<Device> {
    let mut devices = vec![Device::cpu()];
    #[cfg(feature = "gpu")]
    {
        let software = std::env::var_os("FUDE_ALLOW_SOFTWARE").is_some();
        devices.extend(fude_engine::open_adapters(software).into_iter().filter_map(|(_, device)| device.ok()));
    }
    devices
}

fn rows_of(device: &Device) -> Result<Vec<&'static Row>, EngineError> {
    let (kind, times) = match device {
        Device::Cpu(_) => ("cpu", 1),
        #[cfg(feature = "gpu")]
        Device::Gpu(_) => ("gpu", 16),
    };
    let rates = Rates::of(device)?;
    let mut rows = Vec::new();
    for (name, of) in steps() {
        for part in step_parts(device, &of)? {
            let estimate = rates.estimate(&part) * f64::from(times);
            let times_said = if times > 1 { format!("{times} x ") } else { String::new() };
            let name = format!("{kind} {name}: {times_said}{}, estimate {:.1} us", part.name, 1e6 * estimate);
            rows.push(&*Box::leak(Box::new(Row { name, part: Mutex::new(part), times })));
        }
    }
    Ok(rows)
}

fn step(hidden: &[usize], batch: usize) -> StepOf {
    let model = MlpConfig { hidden: hidden.to_vec(), dropout: 0.2, ..MlpConfig::default() };
    StepOf { model, batch, image: [28, 28], augmentation: None, clip_norm: None }
}

/// Steps that have every kernel and every shader among them.
fn steps() -> Vec<(&'static str, StepOf)> {
    let (e1, e3, mut all, mut wide) =
        (step(&[128], 128), step(&[256, 128, 64], 128), step(&[256, 128, 64], 128), step(&[1024, 1024], 128));
    all.clip_norm = Some(1.0);
    all.augmentation = Some(Augmentation {
        rotation: 12.0,
        scale: 0.12,
        shear: 0.15,
        shift: 2.5,
        elastic: 1.0,
        elastic_sigma: 4.0,
        thickness: 0.3,
        ..Augmentation::default()
    });
    wide.model = MlpConfig { activation: Activation::Gelu, normalization: Normalization::Layer, ..wide.model };
    vec![("E1", e1), ("E3", e3), ("E3 deformed, clipped", all), ("2 x 1024 gelu, normalised", wide)]
}

/// What a device does at its best.
struct Rates {
    /// FLOP/s.
    flops: f64,
    /// B/s.
    bytes: f64,
}

impl Rates {
    fn of(device: &Device) -> Result<Self, EngineError> {
        let large = StepOf { clip_norm: Some(1.0), ..step(&[1024, 1024], 1024) };
        let mut rates = Self { flops: 0.0, bytes: 0.0 };
        for mut part in step_parts(device, &large)? {
            let is = |names: &[&str]| names.iter().any(|name| part.name.starts_with(name));
            let (product, adam) = (is(&["forward", "backward", "gradient"]), is(&["adam"]));
            if product || adam {
                let seconds = fastest(&mut part)?.as_secs_f64();
                rates.flops = rates.flops.max(if product { part.flops / seconds } else { 0.0 });
                rates.bytes = rates.bytes.max(if adam { part.bytes / seconds } else { 0.0 });
            }
        }
        Ok(rates)
    }

    /// Seconds.
    fn estimate(&self, part: &StepPart) -> f64 {
        (part.flops / self.flops).max(part.bytes / self.bytes)
    }
}

/// The fastest of some runs.
fn fastest(part: &mut StepPart) -> Result<Duration, EngineError> {
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        part.run(1)?;
        fastest = fastest.min(start.elapsed());
    }
    Ok(fastest)
}
