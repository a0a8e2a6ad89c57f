//! A model's parameters and Adam's moments, in the layout that the step wants.

use super::memory::Grid;
use crate::{EngineError, Totals, TrainState};
use fude_model::{Layer, Layout};
use std::ops::Range;

/// One layer; the bias is row I of each grid, as it is in the flat parameter vector.
pub(super) struct LayerWeights {
    /// `[I + 1, O]`.
    pub(super) weight: Grid,
    /// Adam's first moments, `[I + 1, O]`.
    pub(super) first: Grid,
    /// Adam's second moments, `[I + 1, O]`.
    pub(super) second: Grid,
    /// `W^T: [O, I]` for the input gradient; none for the first layer, whose input gradient nobody needs.
    pub(super) transposed: Option<Grid>,
}

impl LayerWeights {
    fn new(index: usize, layer: &Layer) -> Self {
        let grid = || Grid::new(layer.inputs + 1, layer.outputs);
        let transposed = (index > 0).then(|| Grid::new(layer.outputs, layer.inputs));
        Self { weight: grid(), first: grid(), second: grid(), transposed }
    }

    /// I.
    pub(super) fn inputs(&self) -> usize {
        self.weight.rows() - 1
    }

    /// O.
    pub(super) fn outputs(&self) -> usize {
        self.weight.columns()
    }

    /// Copies `rows` of W into the transposed weights. The caller is the only one that works on these rows.
    pub(super) fn transpose(&self, rows: Range<usize>) {
        let Some(transposed) = &self.transposed else { return };
        let rows = rows.start..rows.end.min(self.inputs());
        if rows.is_empty() {
            return;
        }
        let (from, to) = (self.weight.at(0, 0), transposed.at(0, 0));
        let (from_stride, to_stride) = (self.weight.stride(), transposed.stride());
        for column in 0..self.outputs() {
            for row in rows.clone() {
                // SAFETY: both are inside their grids, whose shapes are each other's transposes.
                unsafe { *to.add(column * to_stride + row) = *from.add(row * from_stride + column) };
            }
        }
    }

    fn bytes(&self) -> usize {
        let transposed = self.transposed.as_ref().map_or(0, Grid::bytes);
        self.weight.bytes() + self.first.bytes() + self.second.bytes() + transposed
    }
}

/// One model in training.
pub(super) struct Weights {
    layout: Layout,
    pub(super) layers: Vec<LayerWeights>,
    /// Steps that Adam has made.
    pub(super) time: u64,
    /// Sums of the running epoch.
    pub(super) totals: Totals,
}

impl Weights {
    /// A model with the parameters `[P]`, before its first step.
    pub(super) fn new(layout: &Layout, parameters: &[f32]) -> Self {
        let layers = layout.layers.iter().enumerate().map(|(index, layer)| LayerWeights::new(index, layer)).collect();
        let mut weights = Self { layout: layout.clone(), layers, time: 0, totals: Totals::default() };
        weights.set_parameters(parameters);
        weights
    }

    /// P.
    pub(super) fn parameters(&self) -> usize {
        self.layout.parameters()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.layers.iter().map(LayerWeights::bytes).sum()
    }

    fn set_parameters(&mut self, values: &[f32]) {
        for (layer, place) in self.layers.iter_mut().zip(&self.layout.layers) {
            layer.weight.fill(&values[place.weight().start..place.bias().end]);
            layer.transpose(0..layer.inputs());
        }
    }

    /// What a checkpoint holds, under the names that every engine uses.
    pub(super) fn save(&mut self) -> TrainState {
        let mut state = TrainState::new();
        let length = self.parameters();
        let mut gather = |name, grid: fn(&mut LayerWeights) -> &mut Grid| {
            let mut values = Vec::with_capacity(length);
            self.layers.iter_mut().for_each(|layer| grid(layer).append_to(&mut values));
            state.put(name, values);
        };
        gather(TrainState::PARAMETERS, |layer| &mut layer.weight);
        gather(TrainState::FIRST_MOMENT, |layer| &mut layer.first);
        gather(TrainState::SECOND_MOMENT, |layer| &mut layer.second);
        state.scalars.insert(TrainState::ADAM_STEP.into(), self.time as f64);
        state.put_totals(&self.totals);
        state
    }

    /// Goes back to a state that `save` gave, here or in another engine.
    pub(super) fn load(&mut self, state: &TrainState) -> Result<(), EngineError> {
        let length = self.parameters();
        let parameters = state.vector(TrainState::PARAMETERS, length)?;
        let first = state.vector(TrainState::FIRST_MOMENT, length)?;
        let second = state.vector(TrainState::SECOND_MOMENT, length)?;
        self.set_parameters(parameters);
        for (layer, place) in self.layers.iter_mut().zip(&self.layout.layers) {
            let all = place.weight().start..place.bias().end;
            layer.first.fill(&first[all.clone()]);
            layer.second.fill(&second[all]);
        }
        self.time = state.scalar(TrainState::ADAM_STEP) as u64;
        self.totals = state.totals();
        Ok(())
    }
}
