//! Logits with int8 weights: bytes times bytes, added up as whole numbers.
//!
//! A layer's inputs are bytes and its sums are i32, exact whatever the vector. Its outputs are made f32 for the activation
//! and then bytes again; the last layer's are the logits. A residual connection adds those f32, before they are rounded.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod bytes;
mod dots;
mod packed;
mod portable;
mod product;
#[cfg(test)]
mod tests;

use super::hidden::ActivateOnly;
use super::memory::Grid;
use super::normalize::Normalize;
use super::residual::AddInput;
use super::simd::Level;
use super::team::Team;
use crate::{CpuInfo, EngineError, Logits};
use bytes::{Pixels, Round};
use dots::DotLevel;
use fude_model::{InputRange, MAX_INPUTS, MlpConfig, Normalization, QuantisedModel};
use packed::{Pack, Packed};
use product::Forward;
use std::sync::{Mutex, PoisonError};

/// Images that a worker takes at a time.
const ROWS: usize = 64;

// The largest sum, 255 * 127 a term, is an i32.
const _: () = assert!(255 * 127 * MAX_INPUTS as u64 <= i32::MAX as u64);

/// Computes logits with int8 weights on the processor.
pub struct Int8Engine {
    level: DotLevel,
    floats: Level,
    team: Team,
    model: MlpConfig,
    layers: Vec<Packed>,
    /// How each layer's inputs lie in bytes.
    ranges: Vec<InputRange>,
    /// One a worker.
    scratch: Vec<Mutex<Scratch>>,
}

/// What a worker needs for [`ROWS`] images.
struct Scratch {
    /// `[ROWS, groups]` of the layer with most groups.
    input: Vec<u32>,
    /// `[ROWS, O]` of each layer.
    outputs: Vec<Grid>,
    bytes: Vec<u8>,
}

impl Int8Engine {
    /// Takes a model on as many threads as `cpu` says.
    ///
    /// # Errors
    /// Where the system refuses threads.
    pub fn new(cpu: &CpuInfo, model: &QuantisedModel) -> Result<Self, EngineError> {
        Self::with_level(cpu, model, DotLevel::best())
    }

    fn with_level(cpu: &CpuInfo, model: &QuantisedModel, level: DotLevel) -> Result<Self, EngineError> {
        assert!(model.layers.iter().all(|layer| layer.inputs <= MAX_INPUTS), "sums would overflow");
        let layers: Vec<Packed> = model
            .layers
            .iter()
            .filter_map(|layer| {
                let mut packed = None;
                level.run(Pack { layer, packed: &mut packed });
                packed
            })
            .collect();
        let team = Team::new(cpu.threads)?;
        let scratch = (0..team.size()).map(|_| Mutex::new(Scratch::new(&layers))).collect();
        Ok(Self {
            level,
            floats: Level::best(),
            team,
            model: model.config.clone(),
            layers,
            ranges: model.layers.iter().map(|layer| layer.input).collect(),
            scratch,
        })
    }

    /// What computes: the instruction set and the thread count.
    pub fn detail(&self) -> String {
        format!("int8, {}, {} threads", self.level.name(), self.team.size())
    }

    /// The logits `[N, O]` of images `pixels: [N, I]`.
    ///
    /// # Errors
    /// [`EngineError::Inputs`], where the pixels are not those of whole images.
    pub fn logits(&mut self, pixels: &[u8]) -> Result<Logits, EngineError> {
        let inputs = self.model.inputs;
        if !pixels.len().is_multiple_of(inputs) {
            return Err(EngineError::Inputs { expected: inputs, found: pixels.len() % inputs });
        }
        let classes = self.layers.last().map_or(1, |layer| layer.outputs);
        let mut values = vec![0.0; pixels.len() / inputs * classes];
        let parts = Mutex::new(pixels.chunks(ROWS * inputs).zip(values.chunks_mut(ROWS * classes)));
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        let pass = Pass {
            level: self.level,
            floats: self.floats,
            model: &self.model,
            layers: &self.layers,
            ranges: &self.ranges,
        };
        let scratch = &self.scratch;
        let work = |worker: usize| {
            let mut scratch = scratch[worker].lock().unwrap_or_else(PoisonError::into_inner);
            while let Some((pixels, logits)) = next() {
                pass.run(pixels, inputs, logits, &mut scratch);
            }
        };
        // A few images are done before another thread is awake.
        match pixels.len() <= ROWS * inputs {
            true => work(0),
            false => self.team.run(&work, || work(0)),
        }
        Ok(Logits { classes, values })
    }
}

impl Scratch {
    fn new(layers: &[Packed]) -> Self {
        let groups = layers.iter().map(Packed::groups).max().unwrap_or(0);
        let width = layers.iter().map(Packed::width).max().unwrap_or(0);
        let outputs = layers.iter().map(|layer| Grid::new(ROWS, layer.outputs)).collect();
        Self { input: vec![0; ROWS * groups], outputs, bytes: vec![0; width] }
    }
}

/// A way through all layers.
struct Pass<'a> {
    level: DotLevel,
    floats: Level,
    model: &'a MlpConfig,
    layers: &'a [Packed],
    ranges: &'a [InputRange],
}

impl Pass<'_> {
    /// `logits: [n, O]` of `pixels: [n, I]`, n up to [`ROWS`].
    fn run(&self, pixels: &[u8], inputs: usize, logits: &mut [f32], scratch: &mut Scratch) {
        let rows = pixels.len() / inputs;
        let Scratch { input, outputs, bytes } = scratch;
        let (activation, mut groups) = (self.model.activation, self.layers[0].groups());
        self.level.run(Pixels { pixels, inputs, to: input, groups });
        for (index, (layer, output)) in self.layers.iter().zip(outputs.iter()).enumerate() {
            self.level.run(Forward { input, layer, output, rows });
            let Some(&range) = self.ranges.get(index + 1) else { break };
            if self.model.normalization == Normalization::Layer {
                self.floats.run(Normalize { z: output, kept: None, rows: 0..rows });
            }
            self.floats.run(ActivateOnly { activation, output, rows: 0..rows });
            if self.model.adds_input(index) {
                self.floats.run(AddInput { input: &outputs[index - 1], output, rows: 0..rows });
            }
            groups = self.layers[index + 1].groups();
            self.level.run(Round { from: output, range, bytes, to: input, groups, rows });
        }
        let (Some(layer), Some(last)) = (self.layers.last(), outputs.last_mut()) else { return };
        for (row, logits) in logits.chunks_exact_mut(layer.outputs).enumerate() {
            logits.copy_from_slice(last.row(row));
        }
    }
}
