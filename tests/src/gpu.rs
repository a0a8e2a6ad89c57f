//! The GPU of the tests that need one.

use fude_engine::{Device, DeviceOptions, DeviceRequest, adapters, choose_device};
use std::sync::OnceLock;

/// Whether such tests are to be shown as ignored: there is no adapter, and nobody demands one, as CI does with
/// `FUDE_REQUIRE_GPU_TESTS`.
pub fn is_missing() -> bool {
    adapters().is_empty() && std::env::var_os("FUDE_REQUIRE_GPU_TESTS").is_none()
}

/// A device of its own, for a test that breaks it; a software adapter counts.
///
/// # Panics
/// Where there is none.
pub fn open() -> Device {
    let options = DeviceOptions { request: DeviceRequest::Gpu, require_gpu: true, allow_software: true };
    choose_device(&options).expect("a GPU adapter").device
}

/// One device for all tests of a program: opening one takes as long as a test.
pub fn shared() -> &'static Device {
    static GPU: OnceLock<Device> = OnceLock::new();
    GPU.get_or_init(open)
}
