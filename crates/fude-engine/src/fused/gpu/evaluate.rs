//! Logits of many images, dropout off.

use super::kernel::Buffers;
use super::kernels::{Kernels, Library};
use super::look::Look;
use super::open::Gpu;
use super::read::read;
use super::record::{bytes_of_floats, floats_of};
use super::schedule::{Network, evaluation};
use super::slots::{Draws, append_image};
use super::weights::Weights;
use super::workspace::{Purpose, Workspace};
use crate::{Deformed, DeviceData, EngineError, Logits};

/// Images at a time.
const ROWS: usize = 1024;
/// Batches whose numbers are on the GPU at once, and which are submitted together.
const BATCHES: usize = 8;
/// Floating-point operations of a submission at most, where it is more than one batch: 40 ms at 50 GFLOP/s.
const FLOPS: f64 = 2e9;

/// Buffers for evaluation, kept from one to the next.
pub(super) struct Evaluation {
    workspace: Workspace,
    kernels: Kernels,
    logits: Option<wgpu::Buffer>,
}

/// What is evaluated.
pub(super) struct Question<'a> {
    pub(super) model: usize,
    /// Whether with the weights' average.
    pub(super) averaged: bool,
    pub(super) images: &'a DeviceData,
    pub(super) deformed: Option<Deformed<'a>>,
}

impl Question<'_> {
    fn look(&self) -> Look {
        Look::of_view(self.deformed.as_ref(), &self.images.split)
    }
}

impl Evaluation {
    pub(super) fn new(
        gpu: &Gpu,
        library: &mut Library,
        network: &Network,
        question: &Question,
    ) -> Result<Self, EngineError> {
        let look = question.look();
        let network = Network { floats: look.floats(), ..*network };
        let dispatches = evaluation(&network, ROWS, library.tiles.product, &gpu.tuning);
        let kernels = library.kernels(gpu, &dispatches, &look)?;
        let purpose = Purpose {
            tail: network.tail,
            normalizes: network.normalizes,
            dispatches,
            batch: ROWS,
            models: 1,
            permutation: None,
            steps: BATCHES,
            look,
            gathered: question.images.packed(gpu)?.is_none(),
        };
        let workspace = Workspace::new(gpu, &kernels, network.places, purpose)?;
        if let (Some(warp), Some(deformed)) = (&workspace.purpose.look.warp, &question.deformed) {
            let field = bytes_of_floats(&warp.field(deformed.augmentation));
            gpu.queue.write_buffer(&workspace.buffers["field"], 0, &field);
        }
        Ok(Self { workspace, kernels, logits: None })
    }

    /// Whether it can answer a question.
    pub(super) fn fits(&self, gpu: &Gpu, question: &Question) -> Result<bool, EngineError> {
        let Purpose { look, gathered, .. } = &self.workspace.purpose;
        Ok(*look == question.look() && *gathered == question.images.packed(gpu)?.is_none())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.workspace.bytes() + self.logits.as_ref().map_or(0, wgpu::Buffer::size)
    }

    /// The logits `[N, O]` of all images.
    pub(super) fn run(&mut self, gpu: &Gpu, weights: &Weights, question: &Question) -> Result<Logits, EngineError> {
        let place = &weights.places.layers[weights.places.layers.len() - 1];
        let (classes, quads, count) = (place.outputs, place.output_quads, question.images.len());
        let bytes = (16 * count * quads) as u64;
        let logits = self.room(gpu, bytes)?;
        let name = if question.averaged { "average" } else { "weights" };
        let mut others = Buffers::from([("weights", weights.buffers[name].clone()), ("logits", logits.clone())]);
        if let Some(images) = question.images.packed(gpu)? {
            others.insert("images", images.buffer.clone());
        }
        self.workspace.bind(gpu, &self.kernels, &[&others])?;
        self.workspace.use_model(gpu, question.model);
        let products: usize = weights.places.layers.iter().map(|layer| layer.inputs * layer.outputs).sum();
        let batches = ((FLOPS / (2.0 * (products * ROWS) as f64)) as usize).clamp(1, BATCHES);
        let starts: Vec<usize> = (0..count).step_by(ROWS).collect();
        for starts in starts.chunks(batches) {
            self.submit(gpu, weights, question, starts);
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

    fn submit(&self, gpu: &Gpu, weights: &Weights, question: &Question, starts: &[usize]) {
        let rows = |start: usize| ROWS.min(question.images.len() - start);
        self.write_steps(gpu, question, starts, &rows);
        self.write_slots(gpu, weights, question, starts, &rows);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("logits") });
        let pass = wgpu::ComputePassDescriptor { label: Some("logits"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&pass);
        for (index, &start) in starts.iter().enumerate() {
            let all = 0..self.workspace.purpose.dispatches.len();
            self.workspace.record(&self.kernels, &mut pass, all, index, rows(start));
        }
        drop(pass);
        gpu.queue.submit([encoder.finish()]);
    }

    fn write_steps(&self, gpu: &Gpu, question: &Question, starts: &[usize], rows: &dyn Fn(usize) -> usize) {
        let deformed = question.deformed.as_ref();
        let amplitude = deformed.zip(self.workspace.purpose.look.warp.as_ref());
        let amplitude = amplitude.map_or(0.0, |(deformed, warp)| draws(deformed).amplitude(warp));
        self.workspace.write_steps(gpu, starts.len(), |index, record| {
            let start = starts[index];
            record.step.set("first", start).set("rows", rows(start)).set("slot", index * ROWS);
            let mut own = record.model(0);
            own.set_float("amplitude", amplitude).set_float("share", 1.0);
            if let Some(deformed) = deformed {
                own.set("seed", deformed.seed as usize).set("epoch", deformed.epoch as usize);
            }
        });
    }

    /// Uploads what belongs to these batches' rows alone.
    fn write_slots(
        &self,
        gpu: &Gpu,
        weights: &Weights,
        question: &Question,
        starts: &[usize],
        rows: &dyn Fn(usize) -> usize,
    ) {
        // Only the last batch of all may be smaller: rows lie side by side.
        let images = || starts.iter().flat_map(|&start| start..start + rows(start)).map(|image| image as u32);
        let write = |name: &str, bytes: &[u8]| gpu.queue.write_buffer(&self.workspace.buffers[name], 0, bytes);
        if let (Some(deformed), Some(warp)) = (&question.deformed, &self.workspace.purpose.look.warp) {
            let mut bytes = Vec::new();
            images().for_each(|image| draws(deformed).append(image, warp, &mut bytes));
            write("warps", &bytes);
        }
        if self.workspace.purpose.gathered {
            let mut bytes = Vec::new();
            let words = weights.places.words();
            images().for_each(|image| append_image(&question.images.split, image, words, &mut bytes));
            write("gathered", &bytes);
        }
    }
}

fn draws<'a>(deformed: &Deformed<'a>) -> Draws<'a> {
    Draws { ranges: deformed.augmentation, seed: deformed.seed, epoch: deformed.epoch }
}
