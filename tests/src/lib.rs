//! Shared helpers of the workspace tests.

#[cfg(feature = "gpu")]
pub mod gpu;
