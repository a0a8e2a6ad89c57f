//! Images on the GPU: bytes, four to a word.

use super::open::Gpu;
use crate::EngineError;
use fude_data::Split;

/// All images of a split, `[N, words]`, `words = ceil((I + 1) / 4)`: room for the 1 that the bias is the weight of.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(super) buffer: wgpu::Buffer,
}

/// An epoch's permutation holds an image's index in 24 bits and its label in 8.
const MAX_IMAGES: usize = 1 << 24;

impl Packed {
    /// Uploads a split; none where it is larger than a shader may bind: its rows are then uploaded as they are needed.
    ///
    /// # Errors
    /// Where the device refuses.
    pub(crate) fn upload(gpu: &Gpu, split: &Split) -> Result<Option<Self>, EngineError> {
        if split.len() > MAX_IMAGES {
            let why = format!("takes at most {MAX_IMAGES} images on a GPU, these are {}", split.len());
            return Err(EngineError::Unsupported { engine: "fused", why });
        }
        let words = (split.inputs() + 1).div_ceil(4);
        let bytes = (split.len() * words * 4) as u64;
        if bytes > gpu.largest_images() {
            return Ok(None);
        }
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("images"),
            size: bytes.max(16),
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: true,
        });
        gpu.require_sound()?;
        fill(&buffer, split, 4 * words)?;
        gpu.require_sound()?;
        Ok(Some(Self { buffer }))
    }
}

/// Writes the rows into the new buffer itself: no copy in between.
fn fill(buffer: &wgpu::Buffer, split: &Split, row_bytes: usize) -> Result<(), EngineError> {
    let view = buffer.slice(..).get_mapped_range_mut();
    let mut view = view.map_err(|error| EngineError::Device(error.to_string()))?;
    let mut row = vec![0; row_bytes];
    for index in 0..split.len() {
        row[..split.inputs()].copy_from_slice(split.image(index));
        view.slice(index * row_bytes..(index + 1) * row_bytes).copy_from_slice(&row);
    }
    drop(view);
    buffer.unmap();
    Ok(())
}
