//! A GPU opened for the fused engine: WebGPU's default limits and nothing more, so that every GPU will do.

use super::tuning::Tuning;
use crate::{AdapterKind, EngineError};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// An opened device. Burn has another one of its own: neither sees the other's errors.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) tuning: Tuning,
    /// Less than what a shader may bind, in tests of what happens beyond.
    largest_images: AtomicU64,
    faults: Faults,
}

/// The first error that the device reported, from whichever thread.
#[derive(Clone, Debug, Default)]
struct Faults(Arc<Mutex<Option<String>>>);

impl Faults {
    fn note(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }

    fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Gpu {
    /// Asks an adapter for a device.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) async fn open(adapter: &wgpu::Adapter, kind: AdapterKind) -> Result<Self, String> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("fude fused"),
            required_features: wgpu::Features::empty(),
            required_limits: wgpu::Limits::default(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|error| error.to_string())?;
        let faults = Faults::default();
        // Without a handler wgpu panics at the first error that nobody waits for.
        let note = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note.note(error.to_string())));
        let note = faults.clone();
        device.set_device_lost_callback(move |reason, message| note.note(format!("it is lost ({reason:?}) {message}")));
        Ok(Self { device, queue, tuning: Tuning::of(kind), largest_images: AtomicU64::new(u64::MAX), faults })
    }

    /// Whether all went well so far.
    ///
    /// # Errors
    /// The first thing that did not.
    pub(super) fn require_sound(&self) -> Result<(), EngineError> {
        self.faults.first().map_or(Ok(()), |what| Err(EngineError::Device(what)))
    }

    /// A buffer of zeros.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub(super) fn buffer(
        &self,
        label: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, EngineError> {
        let size = bytes.next_multiple_of(16).max(16);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        });
        self.require_sound()?;
        Ok(buffer)
    }

    /// A storage buffer of zeros, which can be copied from and to.
    pub(super) fn storage(&self, label: &str, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        use wgpu::BufferUsages as Usage;
        self.buffer(label, bytes, Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST)
    }

    /// The largest buffer that a shader may bind, in bytes.
    pub(super) fn largest_binding(&self) -> u64 {
        self.device.limits().max_storage_buffer_binding_size
    }

    /// Floats of workgroup memory.
    pub(super) fn workgroup_floats(&self) -> usize {
        self.device.limits().max_compute_workgroup_storage_size as usize / 4
    }

    /// The largest set of images that is put on the GPU whole, in bytes.
    pub(super) fn largest_images(&self) -> u64 {
        self.largest_images.load(Relaxed).min(self.largest_binding())
    }

    /// Puts no larger set of images on the GPU than one of so many bytes.
    pub(crate) fn limit_images(&self, bytes: u64) {
        self.largest_images.store(bytes, Relaxed);
    }

    /// Ends the device as a lost one ends.
    pub(crate) fn destroy(&self) {
        self.device.destroy();
    }

    /// Whether it was opened with WebGPU's default limits.
    pub(crate) fn has_default_limits(&self) -> bool {
        self.device.limits() == wgpu::Limits::default() && self.device.features().is_empty()
    }
}
