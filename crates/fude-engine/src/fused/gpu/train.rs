//! Training: an epoch's plan on the GPU, submissions of several steps, and their notes read while the next one runs.

use super::kernels::Kernels;
use super::open::Gpu;
use super::pace::Pace;
use super::read::Reading;
use super::record::words_of;
use super::sizes::notes;
use super::slots::{Draws, WARP_QUADS, append_image};
use super::weights::{Account, Weights};
use super::workspace::{StepRecord, Workspace};
use crate::fused::cpu::adam::AdamStep;
use crate::{Control, Diverged, EngineError, EpochPlan, Flow, OptimizerSpec, Progressed};
use fude_data::Split;
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
    pub(super) images: &'a Split,
    pub(super) pace: &'a mut Pace,
    /// Buffers that notes are read from, one a submission under way.
    pub(super) staging: &'a [wgpu::Buffer],
    /// Models of several whose loss was no number.
    pub(super) diverged: Vec<Diverged>,
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
        Ok(Progressed { steps_done: end, totals, diverged: self.diverged })
    }

    /// Puts the models' permutations on the GPU, each image's label beside it.
    fn upload_plans(&self) {
        for (model, plan) in self.plans.iter().enumerate() {
            let entry = |&image: &u32| image | u32::from(self.images.labels[image as usize]) << 24;
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
        self.write_slots(&steps);
        let rows: Vec<usize> = steps.clone().map(|step| self.plans[0].rows(step).len()).collect();
        let all = 0..self.workspace.purpose.dispatches.len();
        let mut encoder = self.encoder();
        if self.pace.is_long() {
            // A submission each: none must hold the GPU for long.
            for (index, part) in (0..rows.len()).flat_map(|index| all.clone().map(move |part| (index, part))) {
                self.record(&mut encoder, part..part + 1, index, rows[index]);
                self.gpu.queue.submit([std::mem::replace(&mut encoder, self.encoder()).finish()]);
            }
        } else {
            let mut pass = encoder.begin_compute_pass(&PASS);
            for (index, &rows) in rows.iter().enumerate() {
                self.workspace.record(self.kernels, &mut pass, all.clone(), index, rows);
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

    fn record(&self, encoder: &mut wgpu::CommandEncoder, dispatches: Range<usize>, index: usize, rows: usize) {
        let mut pass = encoder.begin_compute_pass(&PASS);
        self.workspace.record(self.kernels, &mut pass, dispatches, index, rows);
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
                .set("note", index * self.notes_of_step())
                .set("slot", index * self.workspace.purpose.batch);
            for model in 0..self.plans.len() {
                self.write_model_step(model, index, step, record);
            }
        });
    }

    fn write_model_step(&self, model: usize, index: usize, step: u32, record: &mut StepRecord) {
        let plan = &self.plans[model];
        let time = self.weights.accounts[model].time + index as u64 + 1;
        let adam = AdamStep::new(self.optimizer, None, plan.learning_rate[step as usize], time);
        let amplitude = match (&plan.augmentation, &self.workspace.purpose.look.warp) {
            (Some(ranges), Some(warp)) => draws(plan, ranges).amplitude(warp),
            _ => 0.0,
        };
        let teacher = plan.teacher.as_ref().map_or((0.0, 1.0), |teacher| (teacher.weight, teacher.temperature));
        record
            .model(model)
            .set("seed", plan.seed as usize)
            .set("epoch", plan.epoch as usize)
            .set_float("minus_rate", adam.minus_rate)
            .set_float("inverse_root", adam.inverse_root)
            .set_float("shrink", adam.shrink)
            .set_float("share", plan.mixed(step).unwrap_or(1.0))
            .set_float("amplitude", amplitude)
            .set_float("teacher", teacher.0)
            .set_float("temperature", teacher.1);
    }

    /// Uploads what belongs to these steps' rows alone.
    pub(super) fn write_slots(&self, steps: &Range<u32>) {
        let purpose = &self.workspace.purpose;
        for (model, plan) in self.plans.iter().enumerate() {
            if let (Some(ranges), Some(warp)) = (&plan.augmentation, &purpose.look.warp) {
                let draws = draws(plan, ranges);
                let append = |image, bytes: &mut Vec<u8>| draws.append(image, warp, bytes);
                self.write_rows("warps", model, steps, 16 * WARP_QUADS, append);
            }
            if purpose.gathered {
                let words = self.weights.places.words();
                let append = |image, bytes: &mut Vec<u8>| append_image(self.images, image, words, bytes);
                self.write_rows("gathered", model, steps, 4 * words, append);
            }
        }
    }

    /// Writes `row_bytes` for each row of some steps, steps a whole batch apart.
    fn write_rows(
        &self,
        name: &str,
        model: usize,
        steps: &Range<u32>,
        row_bytes: usize,
        append: impl Fn(u32, &mut Vec<u8>),
    ) {
        let purpose = &self.workspace.purpose;
        let mut bytes = Vec::with_capacity(steps.len() * purpose.batch * row_bytes);
        for (index, step) in steps.clone().enumerate() {
            bytes.resize(index * purpose.batch * row_bytes, 0);
            self.plans[model].rows(step).iter().for_each(|&image| append(image, &mut bytes));
        }
        let offset = (model * purpose.slots() * row_bytes) as u64;
        self.gpu.queue.write_buffer(&self.workspace.buffers[name], offset, &bytes);
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
                    self.diverge(Diverged { model, epoch: self.plans[model].epoch + 1, step: step + 1, loss })?;
                }
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Notes a model's first step without a loss. A model alone ends there; the others of several go on.
    fn diverge(&mut self, diverged: Diverged) -> Result<(), EngineError> {
        if self.plans.len() == 1 {
            return Err(diverged.into());
        }
        if self.diverged.iter().all(|known| known.model != diverged.model) {
            self.diverged.push(diverged);
        }
        Ok(())
    }
}

const PASS: wgpu::ComputePassDescriptor<'static> =
    wgpu::ComputePassDescriptor { label: Some("steps"), timestamp_writes: None };

fn draws<'a>(plan: &EpochPlan, ranges: &'a crate::Augmentation) -> Draws<'a> {
    Draws { ranges, seed: plan.seed, epoch: plan.epoch }
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
