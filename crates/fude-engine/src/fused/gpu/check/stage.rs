//! A training step that is run dispatch by dispatch, and its buffers read in between.

use super::case::CheckCase;
use super::close::{Expected, Ledger, wide};
use crate::fused::gpu::places::Place;
use crate::fused::gpu::read::read;
use crate::fused::gpu::record::{floats_of, words_of};
use crate::fused::gpu::schedule::{Dispatch, Work};
use crate::fused::gpu::train::Run;
use crate::fused::gpu::training::Training;
use crate::fused::gpu::{GpuEngine, no_room};
use crate::{Device, Engine, EngineError, EpochPlan};
use fude_data::Split;
use fude_model::Normalization;
use std::sync::Arc;
use std::time::Instant;

/// The step that is checked; the one before it was trained, so that moments are not zero.
pub(super) const STEP: u32 = 1;

/// An engine in the middle of a step.
pub(super) struct Stage<'a> {
    pub(super) case: &'a CheckCase,
    pub(super) engine: GpuEngine,
    pub(super) images: Arc<Split>,
    pub(super) plans: Vec<EpochPlan>,
}

/// A matrix, row by row.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
}

impl Matrix {
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(column).step_by(self.columns.max(1)).copied()
    }
}

impl<'a> Stage<'a> {
    pub(super) fn new(device: &Device, case: &'a CheckCase) -> Result<Self, EngineError> {
        let Device::Gpu(opened) = device else { return Err(no_room()) };
        let images = case.images();
        let mut engine = GpuEngine::new(opened, case.spec(&images, device)?)?;
        let plans = case.plans();
        engine.train(&plans, 0..STEP, &mut ())?;
        let mut stage = Self { case, engine, images, plans };
        let run = stage.run()?;
        run.write_steps(&(STEP..STEP + 1));
        run.write_slots(&(STEP..STEP + 1));
        Ok(stage)
    }

    fn run(&mut self) -> Result<Run<'_>, EngineError> {
        let GpuEngine { gpu, weights, training, constants, .. } = &mut self.engine;
        let Some(Training { workspace, kernels, staging, pace, .. }) = training else { return Err(no_room()) };
        let (plans, images, optimizer) = (&self.plans, self.images.as_ref(), &constants.optimizer);
        Ok(Run { gpu, kernels, workspace, weights, optimizer, plans, images, pace, staging, diverged: Vec::new() })
    }

    fn training(&self) -> Result<&Training, EngineError> {
        self.engine.training.as_ref().ok_or_else(no_room)
    }

    /// The dispatches of the step.
    pub(super) fn dispatches(&self) -> Result<Vec<Dispatch>, EngineError> {
        Ok(self.training()?.workspace.purpose.dispatches.clone())
    }

    /// Runs one dispatch and waits for it.
    pub(super) fn dispatch(&self, number: usize, ledger: &mut Ledger) -> Result<(), EngineError> {
        let start = Instant::now();
        self.repeat(number, 1)?;
        ledger.time(self.training()?.workspace.purpose.dispatches[number].work.name(), start.elapsed());
        Ok(())
    }

    /// Runs one dispatch so many times in one submission, and waits for it.
    pub(super) fn repeat(&self, number: usize, times: u32) -> Result<(), EngineError> {
        let (gpu, Training { workspace, kernels, .. }) = (&self.engine.gpu, self.training()?);
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        (0..times).for_each(|_| workspace.record(kernels, &mut pass, number..number + 1, 0, self.case.rows));
        drop(pass);
        gpu.queue.submit([encoder.finish()]);
        // A read of a few bytes waits for what was submitted before it.
        read(gpu, &workspace.buffers["notes"], 0, 4).map(drop)
    }

    /// A whole buffer of floats.
    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>, EngineError> {
        Ok(wide(&floats_of(&self.bytes(name)?)))
    }

    /// A whole buffer of words.
    pub(super) fn words(&self, name: &str) -> Result<Vec<u32>, EngineError> {
        Ok(words_of(&self.bytes(name)?))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, EngineError> {
        let own = self.training()?.workspace.buffers.get(name);
        let buffer = own.or_else(|| self.engine.weights.buffers.get(name)).ok_or_else(no_room)?;
        read(&self.engine.gpu, buffer, 0, buffer.size())
    }

    /// Whether hidden layers are normalised.
    pub(super) fn normalizes(&self) -> bool {
        self.case.model.normalization == Normalization::Layer
    }

    /// One layer.
    pub(super) fn place(&self, layer: usize) -> &Place {
        &self.engine.weights.places.layers[layer]
    }

    /// L.
    pub(super) fn layers(&self) -> usize {
        self.engine.weights.places.layers.len()
    }

    /// `[W; b]` of a layer, `[I + 1, O]`, out of a buffer of the weights' shape.
    pub(super) fn weights(&self, buffer: &[f64], model: usize, layer: usize) -> Matrix {
        let place = self.place(layer);
        let start = model * self.engine.weights.places.weights + place.weight;
        cut(buffer, start, place.output_quads, place.inputs + 1, place.outputs)
    }

    /// W^T of a layer, `[O, I]`.
    pub(super) fn transposed(&self, buffer: &[f64], model: usize, layer: usize) -> Matrix {
        let place = self.place(layer);
        let start = model * self.engine.weights.places.transposed + place.transposed;
        cut(buffer, start, place.back_quads, place.outputs, place.inputs)
    }

    /// The input of a layer with its 1, `[B, I + 1]`: from the images' bytes, or out of the buffer `inputs`.
    pub(super) fn inputs(&self, buffer: &[f64], model: usize, layer: usize) -> Result<Matrix, EngineError> {
        let place = self.place(layer);
        if layer == 0 && !self.training()?.workspace.purpose.look.floats() {
            return Ok(self.pixels(model));
        }
        let rows = &self.training()?.workspace.rows;
        let start = model * rows.input_stride + rows.inputs[layer];
        Ok(cut(buffer, start, place.input_quads, self.case.rows, place.inputs + 1))
    }

    /// Gradients or slopes of a layer's linear output, `[B, O]`, out of the buffer `deltas`.
    pub(super) fn deltas(&self, buffer: &[f64], model: usize, layer: usize) -> Result<Matrix, EngineError> {
        let (place, rows) = (self.place(layer), &self.training()?.workspace.rows);
        let start = model * rows.delta_stride + rows.deltas[layer];
        Ok(cut(buffer, start, place.output_quads, self.case.rows, place.outputs))
    }

    /// A hidden layer's normalised output `[B, H]` with `1 / s` of each row, out of the buffer `inputs`.
    pub(super) fn normalized(
        &self,
        buffer: &[f64],
        model: usize,
        layer: usize,
    ) -> Result<(Matrix, Vec<f64>), EngineError> {
        let (place, rows) = (self.place(layer), &self.training()?.workspace.rows);
        let start = model * rows.input_stride + rows.normalized[layer];
        let x = cut(buffer, start, place.output_quads + 1, self.case.rows, place.outputs);
        let inverses = cut(buffer, start + place.output_quads, place.output_quads + 1, self.case.rows, 1);
        Ok((x, inverses.values))
    }

    /// The sums of all slices of a layer's product, `[B, O]`, and the sums of their sizes.
    pub(super) fn linear_output(
        &self,
        buffer: &[f64],
        model: usize,
        dispatch: &Dispatch,
        layer: usize,
    ) -> Vec<Expected> {
        let (place, batch) = (self.place(layer), self.case.batch);
        let slices = dispatch.slices.count;
        let slice = |slice: usize| {
            let start = (model * slices + slice) * batch * place.output_quads;
            cut(buffer, start, place.output_quads, self.case.rows, place.outputs)
        };
        let parts: Vec<Matrix> = (0..slices).map(slice).collect();
        let sum = |at: usize| {
            let sizes: f64 = parts.iter().map(|part| part.values[at].abs()).sum();
            let value = parts.iter().map(|part| part.values[at]).sum();
            Expected { value, tolerance: super::bounds::sum_tolerance(slices, sizes) }
        };
        (0..self.case.rows * place.outputs).map(sum).collect()
    }

    /// The images of the step with their 1, scaled: `[B, I + 1]`.
    fn pixels(&self, model: usize) -> Matrix {
        let (factor, term) = self.case.model.input.of_bytes();
        let mut values = Vec::new();
        for &row in self.plans[model].rows(STEP) {
            let image = self.images.image(row as usize);
            values.extend(image.iter().map(|&byte| f64::from(byte) * f64::from(factor) + f64::from(term)));
            values.push(1.0);
        }
        Matrix { columns: self.case.model.inputs + 1, values }
    }

    /// The labels of the step.
    pub(super) fn labels(&self, model: usize) -> Vec<u8> {
        self.plans[model].rows(STEP).iter().map(|&row| self.images.labels[row as usize]).collect()
    }

    /// The dropout mask of a hidden layer, `[B, H]`.
    pub(super) fn mask(&self, model: usize, layer: usize) -> Vec<f64> {
        let plan = &self.plans[model];
        let elements = self.case.rows * self.place(layer).outputs;
        fude_kernels::dropout::mask(plan.seed, plan.epoch, STEP, layer as u32, elements, self.case.model.dropout)
    }
}

/// A matrix out of a buffer of quads.
fn cut(buffer: &[f64], start_quad: usize, row_quads: usize, rows: usize, columns: usize) -> Matrix {
    let row = |row: usize| &buffer[4 * (start_quad + row * row_quads)..][..columns];
    Matrix { columns, values: (0..rows).flat_map(row).copied().collect() }
}

impl Work {
    /// The shader's name.
    pub(super) fn name(self) -> &'static str {
        self.shader().name
    }
}
