//! The processor.

use super::cpu_name::cpu_name;
use serde::Serialize;

/// What is known of the processor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CpuInfo {
    /// Its model name.
    pub name: String,
    /// Threads that this process may run at once.
    pub threads: usize,
    /// The widest vector instructions that fude uses on it.
    pub simd: &'static str,
}

impl CpuInfo {
    /// Looks at this machine.
    pub fn of_this_machine() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { name: cpu_name().unwrap_or_else(|| std::env::consts::ARCH.to_owned()), threads, simd: simd() }
    }
}

#[cfg(target_arch = "x86_64")]
fn simd() -> &'static str {
    if is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        "AVX2+FMA"
    } else {
        "SSE2"
    }
}

#[cfg(target_arch = "aarch64")]
fn simd() -> &'static str {
    "NEON"
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn simd() -> &'static str {
    "scalar"
}
