//! Logits of many images, dropout off.

use super::images::Packed;
use super::kernel::Buffers;
use super::kernels::Kernels;
use super::open::Gpu;
use super::read::read;
use super::record::floats_of;
use super::schedule::{Network, evaluation};
use super::weights::Weights;
use super::workspace::{Purpose, Workspace};
use crate::{EngineError, Logits};

/// Images at a time.
const ROWS: usize = 1024;
/// Batches whose numbers are on the GPU at once, and which are submitted together.
const BATCHES: usize = 8;
/// Floating-point operations of a submission at most, where it is more than one batch: 40 ms at 50 GFLOP/s.
const FLOPS: f64 = 2e9;

/// Buffers for evaluation, kept from one to the next.
pub(super) struct Evaluation {
    workspace: Workspace,
    logits: Option<wgpu::Buffer>,
}

impl Evaluation {
    pub(super) fn new(gpu: &Gpu, kernels: &Kernels, network: &Network) -> Result<Self, EngineError> {
        let &Network { tail, normalizes, places } = network;
        let dispatches = evaluation(network, ROWS, kernels.tile, &gpu.tuning);
        let purpose =
            Purpose { tail, normalizes, dispatches, batch: ROWS, models: 1, permutation: None, steps: BATCHES };
        Ok(Self { workspace: Workspace::new(gpu, kernels, places, purpose)?, logits: None })
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.workspace.bytes() + self.logits.as_ref().map_or(0, wgpu::Buffer::size)
    }

    /// The logits `[N, O]` of a model, or of its average, for `count` images.
    pub(super) fn run(
        &mut self,
        gpu: &Gpu,
        kernels: &Kernels,
        weights: &Weights,
        (model, averaged): (usize, bool),
        images: &Packed,
        count: usize,
    ) -> Result<Logits, EngineError> {
        let place = &weights.places.layers[weights.places.layers.len() - 1];
        let (classes, quads) = (place.outputs, place.output_quads);
        let bytes = (16 * count * quads) as u64;
        let logits = self.room(gpu, bytes)?;
        let mut others = Buffers::from([("images", images.buffer.clone()), ("logits", logits.clone())]);
        others.insert("weights", weights.buffers[if averaged { "average" } else { "weights" }].clone());
        self.workspace.bind(gpu, kernels, &[&others])?;
        self.workspace.use_model(gpu, model);
        let flops: f64 =
            weights.places.layers.iter().map(|layer| 2.0 * (layer.inputs * layer.outputs * ROWS) as f64).sum();
        let batches = ((FLOPS / flops) as usize).clamp(1, BATCHES);
        let starts: Vec<usize> = (0..count).step_by(ROWS).collect();
        for starts in starts.chunks(batches) {
            self.submit(gpu, kernels, starts, count);
        }
        let padded = floats_of(&read(gpu, &logits, 0, bytes)?);
        let values = padded.chunks_exact(4 * quads).flat_map(|row| &row[..classes]).copied().collect();
        Ok(Logits { classes, values })
    }

    fn room(&mut self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        match &self.logits {
            Some(buffer) if buffer.size() >= bytes => Ok(buffer.clone()),
            _ => Ok(self.logits.insert(gpu.storage("logits", bytes)?).clone()),
        }
    }

    fn submit(&self, gpu: &Gpu, kernels: &Kernels, starts: &[usize], count: usize) {
        let rows = |start: usize| ROWS.min(count - start);
        self.workspace.write_steps(gpu, starts.len(), |index, record| {
            record.step.set("first", starts[index]).set("rows", rows(starts[index]));
        });
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("logits") });
        let pass = wgpu::ComputePassDescriptor { label: Some("logits"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&pass);
        for (index, &start) in starts.iter().enumerate() {
            let all = 0..self.workspace.purpose.dispatches.len();
            self.workspace.record(kernels, &mut pass, all, index, rows(start));
        }
        drop(pass);
        gpu.queue.submit([encoder.finish()]);
    }
}
