//! What training keeps from one call to the next: buffers for batches of a size, and how fast steps go.

use super::kernel::Buffers;
use super::kernels::{Kernels, Library};
use super::look::Look;
use super::open::Gpu;
use super::pace::{MAX_STEPS, Pace};
use super::record::bytes_of_floats;
use super::schedule::{Network, training};
use super::train;
use super::weights::Weights;
use super::workspace::{Purpose, Workspace};
use crate::{DeviceData, EngineError, EpochPlan, Teacher};
use std::sync::Arc;

/// Everything for batches of a size and a look.
pub(super) struct Training {
    pub(super) workspace: Workspace,
    pub(super) kernels: Kernels,
    pub(super) staging: Vec<wgpu::Buffer>,
    pub(super) pace: Pace,
    /// Whether every submission was waited for: false where a call ended early, by an error or a panic.
    pub(super) settled: bool,
    /// The teachers whose probabilities are on the GPU, one a model.
    teachers: Vec<Arc<Vec<f32>>>,
}

impl Training {
    pub(super) fn new(
        gpu: &Gpu,
        library: &mut Library,
        network: &Network,
        weights: &Weights,
        data: &DeviceData,
        plans: &[EpochPlan],
        flops: f64,
    ) -> Result<Self, EngineError> {
        let batch = plans.first().map_or(0, |plan| plan.batch as usize);
        let look = Look::of_plans(plans, &data.split);
        let dispatches = training(network, batch, library.tiles.product, &gpu.tuning);
        let kernels = library.kernels(gpu, &dispatches, &look)?;
        let images = data.packed(gpu)?;
        let purpose = Purpose {
            tail: network.tail,
            normalizes: network.normalizes,
            dispatches,
            batch,
            models: plans.len(),
            permutation: Some(data.len()),
            steps: MAX_STEPS,
            look,
            gathered: images.is_none(),
        };
        let mut workspace = Workspace::new(gpu, &kernels, network.places, purpose)?;
        write_field(gpu, &workspace, plans);
        let others = Buffers::from_iter(images.map(|images| ("images", images.buffer.clone())));
        workspace.bind(gpu, &kernels, &[&weights.buffers, &others])?;
        let staging = train::staging(gpu, &workspace)?;
        let pace = Pace::new(flops * (batch * plans.len()) as f64);
        Ok(Self { workspace, kernels, staging, pace, settled: true, teachers: Vec::new() })
    }

    /// Whether it is for batches of this size and plans of this look. Exactly: how products are cut, and so their bits,
    /// depends on the batch.
    pub(super) fn fits(&self, plans: &[EpochPlan], data: &DeviceData) -> bool {
        let Purpose { batch, look, .. } = &self.workspace.purpose;
        plans.first().is_some_and(|plan| plan.batch as usize == *batch) && Look::of_plans(plans, &data.split) == *look
    }

    /// Takes care that the plans' teachers are on the GPU.
    pub(super) fn teach(&mut self, gpu: &Gpu, plans: &[EpochPlan]) {
        let wanted: Vec<&Teacher> = plans.iter().filter_map(|plan| plan.teacher.as_ref()).collect();
        let known = wanted.len() == self.teachers.len()
            && wanted.iter().zip(&self.teachers).all(|(teacher, known)| Arc::ptr_eq(&teacher.probabilities, known));
        if known {
            return;
        }
        for (model, teacher) in wanted.iter().enumerate() {
            let bytes = bytes_of_floats(&teacher.probabilities);
            gpu.queue.write_buffer(&self.workspace.buffers["teacher"], (model * bytes.len()) as u64, &bytes);
        }
        self.teachers = wanted.iter().map(|teacher| Arc::clone(&teacher.probabilities)).collect();
    }
}

/// The weights of the elastic field.
fn write_field(gpu: &Gpu, workspace: &Workspace, plans: &[EpochPlan]) {
    let ranges = plans.iter().find_map(|plan| plan.augmentation.as_ref());
    if let (Some(warp), Some(ranges)) = (&workspace.purpose.look.warp, ranges) {
        gpu.queue.write_buffer(&workspace.buffers["field"], 0, &bytes_of_floats(&warp.field(ranges)));
    }
}
