//! How long logits take with f32 and with int8 weights, for one image and for many.
//!
//! `cargo run --release -p fude-engine --no-default-features --example latency [rounds] [threads]`. Both kinds alternate, so that
//! whatever else the machine does meets both alike. One image is done by one thread: look at the fastest rounds.

use fude_data::Split;
use fude_engine::{CpuInfo, EngineError, Predictor};
use fude_model::{InputRange, MlpConfig, ModelFile, QuantisedModel, StoredModel, initialise};
use std::sync::Arc;
use std::time::Instant;

/// Images of a batch.
const BATCHES: [usize; 3] = [1, 128, 10_000];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(31), |text| text.parse())?;
    let mut cpu = CpuInfo::of_this_machine();
    cpu.threads = std::env::args().nth(2).map_or(Ok(cpu.threads), |text| text.parse())?;
    println!("{}, {rounds} rounds; microseconds a batch: median (fastest)", cpu.name);
    for hidden in [vec![128], vec![256, 128, 64], vec![1024, 1024, 1024]] {
        let config = MlpConfig { hidden, ..Default::default() };
        for batch in BATCHES {
            measure(&config, batch, &cpu, rounds)?;
        }
    }
    Ok(())
}

fn measure(config: &MlpConfig, batch: usize, cpu: &CpuInfo, rounds: usize) -> Result<(), EngineError> {
    let threads = if batch == 1 { 1 } else { cpu.threads };
    let cpu = CpuInfo { threads, ..cpu.clone() };
    let images = Arc::new(images(batch, config.inputs));
    let mut kinds = Vec::new();
    for model in models(config) {
        kinds.push((Predictor::on(&cpu, model)?, Vec::new()));
    }
    // So many that the clock's resolution does not matter.
    let repeats = (2_000 / batch).max(1);
    for _ in 0..rounds {
        for (predictor, times) in &mut kinds {
            let start = Instant::now();
            for _ in 0..repeats {
                std::hint::black_box(predictor.logits(&images)?);
            }
            times.push(start.elapsed().as_secs_f64() * 1e6 / repeats as f64);
        }
    }
    let shown: Vec<String> = kinds.iter_mut().map(|(predictor, times)| describe(&predictor.detail(), times)).collect();
    println!("{:24} {batch:6} images: {}", config.shape(), shown.join("; "));
    Ok(())
}

fn describe(detail: &str, times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:.1} ({:.1}) {detail}", times[times.len() / 2], times[0])
}

/// The same weights as f32 and as int8.
fn models(config: &MlpConfig) -> [StoredModel; 2] {
    let model = ModelFile { parameters: initialise(config, 0), config: config.clone(), metadata: Default::default() };
    let ranges: Vec<_> = config.hidden.iter().map(|_| InputRange::covering(0.0, 2.0)).collect();
    let int8 = QuantisedModel::new(&model, &ranges);
    [StoredModel::F32(model), StoredModel::Int8(int8)]
}

fn images(n: usize, inputs: usize) -> Split {
    let pixels = (0..n * inputs).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Split { pixels, labels: vec![0; n], height: 1, width: inputs }
}
