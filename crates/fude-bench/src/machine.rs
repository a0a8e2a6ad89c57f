//! The machine that was measured on.

use fude_engine::{Adapter, CpuInfo, Product, adapters, sgemm_rate};
use fude_model::MlpConfig;
use serde::Serialize;
use std::time::Duration;

/// What a reader needs to know of it.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Threads that a process may run at once.
    pub threads: usize,
    /// The widest vector instructions that fude uses on it.
    pub simd: &'static str,
    /// Its GPUs.
    pub gpus: Vec<Adapter>,
    /// The operating system.
    pub os: &'static str,
    /// The instruction set.
    pub arch: &'static str,
    /// The most GFLOP/s that the `gemm` crate came to on all threads in any round, over the steps' own products and
    /// 1024^3.
    pub sgemm_gflops: f64,
    /// Processes that wanted to run before the benchmark, averaged over a minute, where the system tells.
    pub load_before: Option<f64>,
    /// fude's version.
    pub fude: &'static str,
}

impl Machine {
    /// Looks at this machine; the peak is measured later.
    pub(crate) fn of_today() -> Self {
        let CpuInfo { name, threads, simd } = CpuInfo::of_this_machine();
        Self {
            cpu: name,
            threads,
            simd,
            gpus: adapters(),
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            sgemm_gflops: 0.0,
            load_before: load(),
            fude: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Whether something else kept at least half a core busy.
    pub fn was_busy(&self) -> bool {
        self.load_before.is_some_and(|load| load >= 0.5)
    }
}

fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Finds the peak, a moment a round.
pub(crate) struct Peak {
    products: Vec<Product>,
    threads: usize,
    gflops: f64,
}

impl Peak {
    /// How long each product is repeated in a round.
    const MOMENT: Duration = Duration::from_millis(15);
    /// Smaller products never come to the peak.
    const LARGE: f64 = 4e6;

    pub(crate) fn new(threads: usize) -> Self {
        Self { products: vec![Product::square(1024)], threads, gflops: 0.0 }
    }

    /// Counts the products of a step too.
    pub(crate) fn consider(&mut self, model: &MlpConfig, batch: usize) {
        let large = Product::of_step(model, batch).into_iter().filter(|product| product.flops() >= Self::LARGE);
        for product in large {
            if !self.products.contains(&product) {
                self.products.push(product);
            }
        }
    }

    /// Measures each product for a moment.
    pub(crate) fn measure(&mut self) -> f64 {
        let rates = self.products.iter().map(|product| sgemm_rate(product, self.threads, Self::MOMENT));
        self.gflops = rates.fold(self.gflops, f64::max);
        self.gflops
    }
}
