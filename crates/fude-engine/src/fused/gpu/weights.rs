//! M models' parameters and Adam's moments on the GPU.

use super::kernel::Buffers;
use super::open::Gpu;
use super::places::Places;
use super::read::read;
use super::record::{bytes_of_floats, floats_of};
use crate::{EngineError, Totals, TrainState};
use fude_model::Parameters;

/// The models, in buffers `[M, ...]`.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) places: Places,
    /// `weights`, `first`, `second`, `average`, `transposed`.
    pub(super) buffers: Buffers,
    /// Whether an average of the parameters is kept.
    pub(super) averaged: bool,
    /// What the host keeps of each model.
    pub(super) accounts: Vec<Account>,
}

/// One model's numbers that live on the host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// Steps that Adam has made.
    pub(super) time: u64,
    /// Sums of the running epoch.
    pub(super) totals: Totals,
}

/// A buffer of the weights' shape with its name in states.
const VECTORS: [(&str, &str); 3] =
    [("weights", TrainState::PARAMETERS), ("first", TrainState::FIRST_MOMENT), ("second", TrainState::SECOND_MOMENT)];

impl Weights {
    /// Models before their first step.
    pub(super) fn new(
        gpu: &Gpu,
        places: Places,
        parameters: &[Parameters],
        averaged: bool,
    ) -> Result<Self, EngineError> {
        let models = parameters.len() as u64;
        let bytes = 16 * models * places.weights as u64;
        let mut buffers = Buffers::new();
        for (name, _) in VECTORS {
            buffers.insert(name, gpu.storage(name, bytes)?);
        }
        buffers.insert("average", gpu.storage("average", if averaged { bytes } else { 0 })?);
        buffers.insert("transposed", gpu.storage("transposed", 16 * models * places.transposed as u64)?);
        let weights = Self { places, buffers, averaged, accounts: vec![Account::default(); parameters.len()] };
        for (model, parameters) in parameters.iter().enumerate() {
            weights.write_parameters(gpu, model, &parameters.values);
            if averaged {
                weights.write(gpu, "average", model, &parameters.values);
            }
        }
        Ok(weights)
    }

    /// The buffers that a state has, with their names there.
    fn vectors(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        VECTORS.into_iter().chain(self.averaged.then_some(("average", TrainState::EMA)))
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.buffers.values().map(wgpu::Buffer::size).sum()
    }

    fn write_parameters(&self, gpu: &Gpu, model: usize, values: &[f32]) {
        self.write(gpu, "weights", model, values);
        let transposed = bytes_of_floats(&self.places.transpose(values));
        gpu.queue.write_buffer(&self.buffers["transposed"], (model * transposed.len()) as u64, &transposed);
    }

    fn write(&self, gpu: &Gpu, name: &str, model: usize, values: &[f32]) {
        let padded = bytes_of_floats(&self.places.pad(values));
        gpu.queue.write_buffer(&self.buffers[name], (model * padded.len()) as u64, &padded);
    }

    /// What a checkpoint of a model holds.
    pub(super) fn save(&self, gpu: &Gpu, model: usize) -> Result<TrainState, EngineError> {
        let mut state = TrainState::new();
        let bytes = 16 * self.places.weights as u64;
        for (buffer, name) in self.vectors() {
            let padded = read(gpu, &self.buffers[buffer], model as u64 * bytes, bytes)?;
            state.put(name, self.places.unpad(&floats_of(&padded)));
        }
        let account = &self.accounts[model];
        state.scalars.insert(TrainState::ADAM_STEP.into(), account.time as f64);
        state.put_totals(&account.totals);
        Ok(state)
    }

    /// Goes back to a state that `save` gave, here or in another engine.
    pub(super) fn load(&mut self, gpu: &Gpu, model: usize, state: &TrainState) -> Result<(), EngineError> {
        let length = self.places.parameters;
        let vector = |(buffer, name): (&'static str, &str)| match state.vector(name, length) {
            // A state without an average begins one at its parameters.
            Err(_) if buffer == "average" => Ok((buffer, state.vector(TrainState::PARAMETERS, length)?)),
            other => Ok((buffer, other?)),
        };
        // All of them before any is written: a state that does not fit changes nothing.
        let vectors: Vec<(&str, &[f32])> = self.vectors().map(vector).collect::<Result<_, EngineError>>()?;
        for (buffer, vector) in vectors {
            match buffer {
                "weights" => self.write_parameters(gpu, model, vector),
                other => self.write(gpu, other, model, vector),
            }
        }
        gpu.require_sound()?;
        self.accounts[model] = Account { time: state.scalar(TrainState::ADAM_STEP) as u64, totals: state.totals() };
        Ok(())
    }
}
