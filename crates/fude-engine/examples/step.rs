//! How long a fused step takes on this processor, beside the matrix products in it done by the `gemm` crate.
//!
//! `cargo run --release -p fude-engine --no-default-features --example step [rounds] [threads] [steps]`. Rounds of both alternate,
//! so that whatever else the machine does meets both alike; the medians and the fastest are printed. With one thread,
//! times are that thread's time on a core (Linux), which a busy machine disturbs least; with more,
//! many rounds of few steps find moments when nothing else runs: look at the fastest.

use fude_data::Split;
use fude_engine::{
    Augmentation, CpuInfo, Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, build,
};
use fude_model::{Activation, MlpConfig, Normalization, initialise};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Instant;

const IMAGES: usize = 60_000;
const BATCH: usize = 128;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(9), |text| text.parse())?;
    let mut cpu = CpuInfo::of_this_machine();
    cpu.threads = std::env::args().nth(2).map_or(Ok(cpu.threads), |text| text.parse())?;
    let threads = cpu.threads;
    let steps_a_round: u32 = std::env::args().nth(3).map_or(Ok(100), |text| text.parse())?;
    let device = Device::Cpu(cpu);
    let split = Arc::new(synthetic());
    println!(
        "{} ({threads} threads), batch {BATCH}, {IMAGES} images, {rounds} rounds of {steps_a_round} steps",
        device.name()
    );
    for (name, hidden, activation, dropout, models) in [
        ("E1 784-128-10 relu", vec![128], Activation::Relu, 0.0, 1),
        ("E1, dropout 0.2", vec![128], Activation::Relu, 0.2, 1),
        ("E1, 8 seeds", vec![128], Activation::Relu, 0.2, 8),
        ("E3 784-256-128-64-10 relu", vec![256, 128, 64], Activation::Relu, 0.0, 1),
        ("E3, dropout 0.2", vec![256, 128, 64], Activation::Relu, 0.2, 1),
        ("E3, gelu, dropout 0.2", vec![256, 128, 64], Activation::Gelu, 0.2, 1),
        ("E3, 4 seeds", vec![256, 128, 64], Activation::Relu, 0.2, 4),
        ("E3, dropout 0.2, normalised", vec![256, 128, 64], Activation::Relu, 0.2, 1),
        ("E3, dropout 0.2, deformed", vec![256, 128, 64], Activation::Relu, 0.2, 1),
        ("3 x 1024, gelu", vec![1024, 1024, 1024], Activation::Gelu, 0.0, 1),
        ("3 x 1024, gelu, deformed", vec![1024, 1024, 1024], Activation::Gelu, 0.0, 1),
    ] {
        let normalization = if name.ends_with("normalised") { Normalization::Layer } else { Normalization::None };
        let model = MlpConfig { hidden, activation, normalization, dropout, ..Default::default() };
        let mut engine = engine(&device, &model, &split, models)?;
        let deformed = name.ends_with("deformed");
        let plans: Vec<_> = (0..models as u32).map(|seed| plan(seed, deformed)).collect();
        let (mut steps, mut floors) = (Vec::new(), Vec::new());
        engine.train(&plans, 0..20, &mut ())?;
        for round in 0..rounds {
            let start = now(threads);
            let from = (round as u32 * steps_a_round) % 300;
            engine.train(&plans, from..from + steps_a_round, &mut ())?;
            steps.push((now(threads) - start) * 1e3 / f64::from(steps_a_round) / models as f64);
            floors.push(products(&model, threads, steps_a_round));
        }
        report(name, &model, steps, floors);
    }
    Ok(())
}

fn report(name: &str, model: &MlpConfig, mut steps: Vec<f64>, mut floors: Vec<f64>) {
    steps.sort_by(f64::total_cmp);
    floors.sort_by(f64::total_cmp);
    let (median, floor) = (steps[steps.len() / 2], floors[floors.len() / 2]);
    let gflops = model.training_flops_per_sample() * BATCH as f64 / median / 1e6;
    println!(
        "{name:28} {median:.3} ms/step (fastest {:.3}), {gflops:.0} GFLOP/s; gemm alone {floor:.3} (fastest {:.3}): {:.0} %",
        steps[0],
        floors[0],
        100.0 * floor / median
    );
}

fn engine(
    device: &Device,
    model: &MlpConfig,
    split: &Arc<Split>,
    models: usize,
) -> Result<Box<dyn Engine>, Box<dyn std::error::Error>> {
    let optimizer = OptimizerSpec { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-5, decoupled: false };
    let parameters = (0..models as u32).map(|seed| initialise(model, seed)).collect();
    let train = DeviceData::upload(Arc::clone(split), model.outputs, device)?;
    let spec = EngineSpec { optimizer, ..EngineSpec::new(model.clone(), parameters, train) };
    Ok(build(Some(EngineKind::Fused), device, spec)?)
}

fn plan(seed: u32, deformed: bool) -> EpochPlan {
    let permutation = fude_random::shuffle(seed, fude_random::Stream::Shuffle, 0, IMAGES);
    let ranges = Augmentation {
        rotation: 12.0,
        scale: 0.12,
        shear: 0.15,
        shift: 2.5,
        elastic: 1.0,
        elastic_sigma: 4.0,
        ..Default::default()
    };
    EpochPlan {
        augmentation: deformed.then_some(ranges),
        ..EpochPlan::new(0, seed, BATCH as u32, permutation, vec![1e-3; IMAGES.div_ceil(BATCH)])
    }
}

/// Seconds: by the clock, or for one thread alone its time on a core where the system tells.
fn now(threads: usize) -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let clock = START.get_or_init(Instant::now).elapsed().as_secs_f64();
    let statistics = if threads == 1 { std::fs::read_to_string("/proc/thread-self/schedstat").ok() } else { None };
    let on_core = statistics.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    on_core.map_or(clock, |nanoseconds| nanoseconds / 1e9)
}

/// Images with ink on a third of their pixels, as characters have.
fn synthetic() -> Split {
    let word = |index: usize| fude_random::philox4x32([index as u32, 0, 0, 0], [1, 2])[0];
    let pixels = (0..IMAGES * 784 / 4).flat_map(|index| word(index).to_le_bytes().map(|b| b.saturating_sub(170) * 3));
    Split { pixels: pixels.collect(), labels: (0..IMAGES).map(|i| (i % 10) as u8).collect(), height: 28, width: 28 }
}

/// Milliseconds a step of the step's matrix products alone: each thread does half of each, and nobody waits.
fn products(model: &MlpConfig, threads: usize, steps: u32) -> f64 {
    let ready = Barrier::new(threads);
    let work = || {
        let mut buffers = [(); 3].map(|()| vec![0.5; 1 << 20]);
        ready.wait();
        let start = now(threads);
        (0..steps).for_each(|_| one_step_of_products(model, BATCH / threads, threads, &mut buffers));
        start
    };
    let start = std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work()
    });
    (now(threads) - start) * 1e3 / f64::from(steps)
}

fn one_step_of_products(model: &MlpConfig, rows: usize, threads: usize, [a, b, c]: &mut [Vec<f32>; 3]) {
    for (index, layer) in model.layout().layers.iter().enumerate() {
        let (i, o) = (layer.inputs, layer.outputs);
        gemm_rows(c, a, b, rows, o, i, (i, 1), (o, 1));
        if index > 0 {
            gemm_rows(c, a, b, rows, i, o, (o, 1), (1, o));
        }
        gemm_rows(c, a, b, i / threads, o, rows * threads, (1, i), (o, 1));
    }
}

/// `C[m, n] = A[m, k] B[k, n]`, strides as (row, column).
fn gemm_rows(
    c: &mut [f32],
    a: &[f32],
    b: &[f32],
    m: usize,
    n: usize,
    k: usize,
    (a_row, a_column): (usize, usize),
    (b_row, b_column): (usize, usize),
) {
    assert!(m * n <= c.len() && m * k <= a.len() && k * n <= b.len());
    // SAFETY: shapes and strides stay inside the buffers, by the assertion and the callers' strides.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            a_column as isize,
            a_row as isize,
            b.as_ptr(),
            b_column as isize,
            b_row as isize,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
