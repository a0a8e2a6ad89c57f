//! The fused step on the CPU against its slow twins, and against itself.

mod bits;
mod images;
mod kernels;
mod loss;
mod pruned;
mod steps;

use super::CpuEngine;
use super::memory::Grid;
use super::simd::Level;
use crate::{CpuInfo, DeviceData, EngineSpec, EpochPlan, OptimizerSpec};
use fude_data::Split;
use fude_model::{Activation, MlpConfig, initialise};
use fude_random::{philox4x32, uniform};
use std::sync::Arc;

/// What is odd about a size: one, a vector more or less, a tile more or less, sizes that people use.
const SIZES: [usize; 10] = [1, 2, 15, 16, 17, 127, 128, 129, 784, 1000];

/// Numbers from -1 to 1, exact in f32.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| 2.0 * uniform(philox4x32([i, 0, 0, 0], [seed, 77])[0]) - 1.0).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

fn grid(rows: usize, columns: usize, values: &[f32]) -> Grid {
    let mut grid = Grid::spread(rows, columns);
    grid.fill(values);
    grid
}

fn values(grid: &mut Grid) -> Vec<f32> {
    let mut values = Vec::new();
    grid.append_to(&mut values);
    values
}

/// Each value within its own tolerance of what is expected; names what is not.
fn assert_close(what: &str, got: &[f32], expected: &[f64], tolerance: impl Fn(usize) -> f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (f64::from(*got) - expected).abs();
        assert!(off <= tolerance(index), "{what}[{index}]: got {got}, expected {expected}, off by {off:e}");
    }
}

/// `n` images of `height` x `width` with labels below `classes`.
fn split(n: usize, height: usize, width: usize, classes: usize) -> Split {
    let byte = |i: usize| philox4x32([i as u32, 1, 0, 0], [5, 5])[0].to_le_bytes()[0].saturating_sub(100);
    let labels = (0..n).map(|i| (i * 7 % classes) as u8).collect();
    Split { pixels: (0..n * height * width).map(byte).collect(), labels, height, width }
}

fn model(inputs: usize, hidden: &[usize], activation: Activation, dropout: f64) -> MlpConfig {
    MlpConfig { inputs, hidden: hidden.to_vec(), outputs: 10, activation, dropout, ..Default::default() }
}

fn adam() -> OptimizerSpec {
    OptimizerSpec { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-3, decoupled: false }
}

fn plan(seed: u32, images: usize, batch: u32) -> EpochPlan {
    let permutation = fude_random::shuffle(seed, fude_random::Stream::Shuffle, 0, images);
    let steps = images.div_ceil(batch as usize);
    let learning_rate = (0..steps).map(|step| 1e-3 / (1.0 + step as f32)).collect();
    EpochPlan::new(0, seed, batch, permutation, learning_rate)
}

fn spec(config: &MlpConfig, split: &Arc<Split>, seeds: &[u32]) -> EngineSpec {
    let device = crate::Device::cpu();
    let parameters = seeds.iter().map(|&seed| initialise(config, seed)).collect();
    let train = DeviceData::upload(Arc::clone(split), 10, &device).expect("no device is needed");
    EngineSpec { optimizer: adam(), label_smoothing: 0.1, ..EngineSpec::new(config.clone(), parameters, train) }
}

fn engine(threads: usize, level: Level, spec: EngineSpec) -> CpuEngine {
    let cpu = CpuInfo { name: "test".into(), threads, simd: "any" };
    CpuEngine::with_level(&cpu, spec, level).expect("threads can be started")
}
