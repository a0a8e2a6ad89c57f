//! Every shader against its twin, on this machine's GPU: for `fude doctor` and the tests.
//!
//! A step is run dispatch by dispatch. Before each, what it reads is read back from the GPU; after it, what it wrote is
//! compared with what the twin makes of that in f64. So a shader is judged by its own error alone.

mod bounds;
mod case;
mod close;
mod deformed;
mod logits;
mod loss;
mod parts;
mod probe;
mod stage;
mod steps;
mod update;

pub use case::CheckCase;
pub use close::ShaderCheck;
pub(in crate::fused) use parts::parts;

use crate::{Device, EngineError};
use close::Ledger;

/// Compares every shader with its twin for some cases.
///
/// # Errors
/// Where the device is no GPU, or fails.
pub fn check_shaders(device: &Device, cases: &[CheckCase]) -> Result<Vec<ShaderCheck>, EngineError> {
    let Device::Gpu(opened) = device else {
        return Err(EngineError::Device("it is no GPU".into()));
    };
    let gpu = opened.fused();
    let mut ledger = Ledger::default();
    probe::check(&gpu, &mut ledger)?;
    for case in cases {
        steps::check(device, case, &mut ledger)?;
    }
    Ok(ledger.into_checks())
}
