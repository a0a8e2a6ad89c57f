//! From packed u8 images to the f32 rows of a batch.

use crate::{DeviceData, EngineError, EpochPlan, View};
use burn::tensor::{Device, Tensor, TensorData};
#[cfg(feature = "gpu")]
use burn::tensor::{Int, s};
#[cfg(feature = "gpu")]
use fude_data::Split;
use fude_model::InputScale;

/// Largest packed set that is put on a GPU whole: WebGPU's default limit of a storage binding.
#[cfg(feature = "gpu")]
const MAX_BINDING: usize = 128 << 20;

/// All images of a split on a GPU, four pixels to an i32 (cubecl's WGSL has no u8): `[N, ceil(I / 4)]`.
#[cfg(feature = "gpu")]
#[derive(Clone)]
pub(crate) struct PackedImages(Tensor<2, Int>);

#[cfg(feature = "gpu")]
impl PackedImages {
    /// Uploads a split; none where it is empty or too large for one binding, and batches are then gathered on the host.
    pub(crate) fn upload(split: &Split, device: &Device) -> Result<Option<Self>, EngineError> {
        let words = split.inputs().div_ceil(4);
        if split.is_empty() || split.len() * words * 4 > MAX_BINDING {
            return Ok(None);
        }
        let packed: Vec<i32> = (0..split.len()).flat_map(|index| pack(split.image(index))).collect();
        let tensor = Tensor::from_data(TensorData::new(packed, [split.len(), words]), device);
        device.sync().map_err(|error| EngineError::Device(format!("{error:?}")))?;
        Ok(Some(Self(tensor)))
    }

    /// The rows of a batch as scaled f32, `[B, I]`.
    fn gather(&self, rows: &[u32], inputs: usize, scale: InputScale) -> Tensor<2> {
        let device = self.0.device();
        let indices: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [rows.len()]), &device);
        let words = self.0.clone().select(0, indices);
        let lanes = (0..4).map(|lane| words.clone().bitwise_right_shift_scalar(8 * lane).bitwise_and_scalar(255));
        let pixels = Tensor::stack::<3>(lanes.collect(), 2).reshape([rows.len() as i32, -1]);
        let (factor, term) = scale.of_bytes();
        let scaled = pixels.slice(s![.., 0..inputs]).float().mul_scalar(factor);
        if term == 0.0 { scaled } else { scaled.add_scalar(term) }
    }
}

#[cfg(feature = "gpu")]
fn pack(image: &[u8]) -> impl Iterator<Item = i32> + '_ {
    image.chunks(4).map(|pixels| {
        let mut bytes = [0; 4];
        bytes[..pixels.len()].copy_from_slice(pixels);
        i32::from_le_bytes(bytes)
    })
}

/// The inputs `[B, I]` of a step, on `device` inside autodiff: deformed and mixed on the host where the plan says so.
pub(super) fn step_inputs(
    data: &DeviceData,
    plan: &EpochPlan,
    step: u32,
    scale: InputScale,
    device: &Device,
) -> Result<Tensor<2>, EngineError> {
    if plan.augmentation.is_none() && plan.mixup.is_empty() {
        return gather(data, plan.rows(step), scale, device);
    }
    let values = crate::fused::step_inputs(&data.split, plan, step, scale);
    Ok(Tensor::from_data(TensorData::new(values, [plan.rows(step).len(), data.inputs()]), device))
}

/// The inputs `[B, I]` of images as a view shows them, on `device` outside autodiff.
pub(super) fn viewed(
    data: &DeviceData,
    rows: &[u32],
    view: View<'_>,
    scale: InputScale,
    device: &Device,
) -> Result<Tensor<2>, EngineError> {
    let Some(deformed) = view.deformed else { return gather(data, rows, scale, device) };
    let (factor, term) = scale.of_bytes();
    let values = crate::fused::deform(&data.split, rows, deformed);
    let images = Tensor::from_data(TensorData::new(values, [rows.len(), data.inputs()]), device);
    Ok(images.mul_scalar(factor).add_scalar(term))
}

/// The images `rows` as scaled f32, `[B, I]`, on `device` (inside autodiff or not).
fn gather(data: &DeviceData, rows: &[u32], scale: InputScale, device: &Device) -> Result<Tensor<2>, EngineError> {
    #[cfg(feature = "gpu")]
    if let Some(packed) = data.burn()? {
        let images = packed.gather(rows, data.inputs(), scale);
        return Ok(if device.is_autodiff() { Tensor::from_inner(images) } else { images });
    }
    let (factor, term) = scale.of_bytes();
    let mut values = Vec::with_capacity(rows.len() * data.inputs());
    for &row in rows {
        values.extend(data.split.image(row as usize).iter().map(|&pixel| f32::from(pixel) * factor + term));
    }
    Ok(Tensor::from_data(TensorData::new(values, [rows.len(), data.inputs()]), device))
}
