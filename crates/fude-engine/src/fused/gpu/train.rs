//! Training: an epoch's plan on the GPU, submissions of several steps, and their notes read while the next one runs.

use super::kernels::Kernels;
use super::open::Gpu;
use super::pace::Pace;
use super::read::Reading;
use super::record::words_of;
use super::weights::{Account, Weights};
use super::workspace::{Workspace, notes};
use crate::fused::cpu::adam::AdamStep;
use crate::{Control, EngineError, EpochPlan, Flow, OptimizerSpec, Progressed};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

/// Submissions that are under way at once: while one runs, the next one is recorded.
const IN_FLIGHT: usize = 2;

/// What a call of `train` works with.
pub(super) struct Run<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) kernels: &'a Kernels,
    pub(super) workspace: &'a Workspace,
    pub(super) weights: &'a mut Weights,
    pub(super) optimizer: &'a OptimizerSpec,
    pub(super) plans: &'a [EpochPlan],
    pub(super) labels: &'a [u8],
    pub(super) pace: &'a mut Pace,
    /// Buffers that notes are read from, one a submission under way.
    pub(super) staging: &'a [wgpu::Buffer],
}

/// A submission under way.
struct Flight {
    steps: Range<u32>,
    reading: Reading,
    submitted: Instant,
}

/// Makes the buffers that notes are read from.
pub(super) fn staging(gpu: &Gpu, workspace: &Workspace) -> Result<Vec<wgpu::Buffer>, EngineError> {
    use wgpu::BufferUsages as Usage;
    let bytes = workspace.buffers["notes"].size();
    (0..IN_FLIGHT).map(|_| gpu.buffer("notes read", bytes, Usage::MAP_READ | Usage::COPY_DST)).collect()
}

impl Run<'_> {
    /// Runs steps until the last, or until `control` asks to return.
    pub(super) fn steps(mut self, steps: Range<u32>, control: &mut dyn Control) -> Result<Progressed, EngineError> {
        self.upload_plans();
        let mut flights = VecDeque::new();
        let mut free: Vec<wgpu::Buffer> = self.staging.to_vec();
        let (mut next, mut end) = (steps.start, steps.end);
        while next < end || !flights.is_empty() {
            while next < end
                && let Some(staging) = free.pop()
            {
                let chunk = next..end.min(next + self.pace.steps() as u32);
                next = chunk.end;
                flights.push_back((self.submit(chunk, &staging)?, staging));
            }
            let Some((flight, staging)) = flights.pop_front() else { break };
            let done = flight.steps.end;
            self.settle(flight)?;
            free.push(staging);
            if done < end && control.boundary(done) == Flow::Return {
                end = next;
            }
        }
        let totals = self.weights.accounts.iter().map(|account| account.totals).collect();
        Ok(Progressed { steps_done: end, totals })
    }

    /// Puts the models' permutations on the GPU, each image's label beside it.
    fn upload_plans(&self) {
        for (model, plan) in self.plans.iter().enumerate() {
            let entry = |&image: &u32| image | u32::from(self.labels[image as usize]) << 24;
            let bytes: Vec<u8> = plan.permutation.iter().flat_map(|image| entry(image).to_le_bytes()).collect();
            self.gpu.queue.write_buffer(&self.workspace.buffers["plan"], (model * bytes.len()) as u64, &bytes);
        }
    }

    /// Notes of one step of all models.
    fn notes_of_step(&self) -> usize {
        self.plans.len() * notes(self.workspace.purpose.batch)
    }

    fn submit(&mut self, steps: Range<u32>, staging: &wgpu::Buffer) -> Result<Flight, EngineError> {
        self.write_steps(&steps);
        let rows: Vec<usize> = steps.clone().map(|step| self.plans[0].rows(step).len()).collect();
        let count = self.workspace.purpose.dispatches.len();
        let size = if self.pace.is_long() { 1 } else { count.max(1) };
        let parts: Vec<Range<usize>> = (0..count).step_by(size).map(|part| part..part + size).collect();
        for (index, &rows) in rows.iter().enumerate().filter(|_| self.pace.is_long()) {
            for part in parts.clone() {
                let mut encoder = self.encoder();
                self.workspace.record(self.kernels, &mut self.pass(&mut encoder), part, index, rows);
                self.gpu.queue.submit([encoder.finish()]);
            }
        }
        let mut encoder = self.encoder();
        if !self.pace.is_long() {
            let mut pass = self.pass(&mut encoder);
            for (index, &rows) in rows.iter().enumerate() {
                self.workspace.record(self.kernels, &mut pass, 0..count, index, rows);
            }
        }
        let bytes = (8 * self.notes_of_step() * rows.len()) as u64;
        encoder.copy_buffer_to_buffer(&self.workspace.buffers["notes"], 0, staging, 0, bytes);
        let submission = self.gpu.queue.submit([encoder.finish()]);
        self.gpu.require_sound()?;
        self.weights.accounts.iter_mut().for_each(|account| account.time += rows.len() as u64);
        Ok(Flight { steps, reading: Reading::start(staging, bytes, submission), submitted: Instant::now() })
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("steps") })
    }

    fn pass(&self, encoder: &mut wgpu::CommandEncoder) -> wgpu::ComputePass<'static> {
        encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("steps"), timestamp_writes: None })
            .forget_lifetime()
    }

    pub(super) fn write_steps(&self, steps: &Range<u32>) {
        let plan = &self.plans[0];
        self.workspace.write_steps(self.gpu, steps.len(), |index, record| {
            let step = steps.start + index as u32;
            let rows = plan.rows(step).len();
            record
                .step
                .set("step", step as usize)
                .set("first", step as usize * plan.batch as usize)
                .set("rows", rows)
                .set_float("share", 1.0 / rows as f32)
                .set("note", index * self.notes_of_step());
            for (model, (plan, account)) in self.plans.iter().zip(&self.weights.accounts).enumerate() {
                let time = account.time + index as u64 + 1;
                let adam = AdamStep::new(self.optimizer, None, plan.learning_rate[step as usize], time);
                record
                    .model(model)
                    .set("seed", plan.seed as usize)
                    .set("epoch", plan.epoch as usize)
                    .set_float("minus_rate", adam.minus_rate)
                    .set_float("inverse_root", adam.inverse_root)
                    .set_float("shrink", adam.shrink);
            }
        });
    }

    /// Waits for a submission and adds its notes up.
    fn settle(&mut self, flight: Flight) -> Result<(), EngineError> {
        let notes = words_of(&flight.reading.wait(self.gpu)?);
        self.pace.learn(flight.steps.len(), flight.submitted);
        let of_model = notes.len() / flight.steps.len() / self.plans.len();
        for (step, notes) in flight.steps.zip(notes.chunks_exact(of_model * self.plans.len())) {
            for (model, notes) in notes.chunks_exact(of_model).enumerate() {
                let rows = self.plans[model].rows(step).len();
                let loss = add(&mut self.weights.accounts[model], notes, rows);
                if !loss.is_finite() {
                    let epoch = self.plans[model].epoch + 1;
                    return Err(EngineError::NonFinite { model, epoch, step: step + 1, loss });
                }
            }
        }
        Ok(())
    }
}

/// Adds one step's notes to a model's sums, where its loss is a number; the step's loss.
fn add(account: &mut Account, notes: &[u32], rows: usize) -> f64 {
    let notes = notes.chunks_exact(2).take(rows.div_ceil(4));
    let (loss, correct) = notes.fold((0.0, 0), |(loss, correct), note| {
        (loss + f64::from(f32::from_bits(note[0])), correct + u64::from(note[1]))
    });
    if loss.is_finite() {
        account.totals.loss += loss;
        account.totals.correct += correct;
        account.totals.samples += rows as u64;
    }
    loss
}
