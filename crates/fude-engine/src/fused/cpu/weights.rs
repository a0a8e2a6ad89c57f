//! A model's parameters and Adam's moments, in the layout that the step wants.

use super::memory::Grid;
use crate::{EngineError, Totals, TrainState};
use fude_model::{Layer, Layout};
use std::ops::Range;

/// What a model keeps beside its parameters and moments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keeps {
    /// An average of the parameters.
    pub(super) average: bool,
    /// The gradient, for a norm over all of it.
    pub(super) gradient: bool,
}

/// One layer; the bias is row I of each grid, as it is in the flat parameter vector.
pub(super) struct LayerWeights {
    /// `[I + 1, O]`.
    pub(super) weight: Grid,
    /// Adam's first moments, `[I + 1, O]`.
    pub(super) first: Grid,
    /// Adam's second moments, `[I + 1, O]`.
    pub(super) second: Grid,
    /// The average of weight and bias, `[I + 1, O]`, where one is kept.
    pub(super) average: Option<Grid>,
    /// The gradient `[I + 1, O]` and the sum of squares of each of its rows `[I + 1, 1]`, where it is clipped.
    pub(super) gradient: Option<(Grid, Grid)>,
    /// 0 where a parameter is pruned, 1 elsewhere, `[I + 1, O]`, where any is.
    pub(super) mask: Option<Grid>,
    /// `W^T: [O, I]` for the input gradient; none for the first layer, whose input gradient nobody needs.
    pub(super) transposed: Option<Grid>,
}

/// Transposes a square.
///
/// # Safety
/// `SIDE` rows of `SIDE` values can be read from `from`, strides apart, and written to `to`.
unsafe fn transpose_square(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
    // SAFETY: the caller's.
    unsafe {
        let rows: [[f32; SIDE]; SIDE] =
            std::array::from_fn(|row| from.add(row * from_stride).cast::<[f32; SIDE]>().read());
        let columns: [[f32; SIDE]; SIDE] = std::array::from_fn(|column| rows.map(|row| row[column]));
        for (column, line) in columns.into_iter().enumerate() {
            to.add(column * to_stride).cast::<[f32; SIDE]>().write(line);
        }
    }
}

/// Values of a cache line.
const LINE: usize = 16;
/// Sides of the squares in which weights are transposed: small enough for registers.
const SIDE: usize = 4;

impl LayerWeights {
    fn new(index: usize, layer: &Layer, keeps: Keeps) -> Self {
        let grid = || Grid::spread(layer.inputs + 1, layer.outputs);
        let transposed = (index > 0).then(|| Grid::spread(layer.outputs, layer.inputs));
        let average = keeps.average.then(grid);
        let gradient = keeps.gradient.then(|| (grid(), Grid::new(layer.inputs + 1, 1)));
        Self { weight: grid(), first: grid(), second: grid(), average, gradient, mask: None, transposed }
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
        // As many rows as a cache line has values: a line that is written is written whole while it is there.
        for first in rows.clone().step_by(LINE) {
            let rows = first..rows.end.min(first + LINE);
            let mut column = 0;
            while column < self.outputs() {
                let mut row = rows.start;
                while row < rows.end {
                    let is_whole = column + SIDE <= self.outputs() && row + SIDE <= rows.end;
                    // SAFETY: the square or the value is inside both grids, whose shapes are each other's transposes.
                    unsafe {
                        let (from, to) = (from.add(row * from_stride + column), to.add(column * to_stride + row));
                        if is_whole {
                            transpose_square(from, from_stride, to, to_stride);
                        } else {
                            let (high, wide) = (SIDE.min(rows.end - row), SIDE.min(self.outputs() - column));
                            for (i, j) in (0..high).flat_map(|i| (0..wide).map(move |j| (i, j))) {
                                *to.add(j * to_stride + i) = *from.add(i * from_stride + j);
                            }
                        }
                    }
                    row += SIDE;
                }
                column += SIDE;
            }
        }
    }

    fn bytes(&self) -> usize {
        let gradient = self.gradient.iter().flat_map(|(gradient, squares)| [gradient, squares]);
        let others = self.transposed.iter().chain(&self.average).chain(&self.mask).chain(gradient);
        [&self.weight, &self.first, &self.second].into_iter().chain(others).map(Grid::bytes).sum()
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
    pub(super) fn new(layout: &Layout, parameters: &[f32], keeps: Keeps) -> Self {
        let layers = layout.layers.iter().enumerate();
        let layers = layers.map(|(index, layer)| LayerWeights::new(index, layer, keeps)).collect();
        let mut weights = Self { layout: layout.clone(), layers, time: 0, totals: Totals::default() };
        weights.set_parameters(parameters);
        weights.set_average(parameters);
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

    fn set_average(&mut self, values: &[f32]) {
        for (layer, place) in self.layers.iter_mut().zip(&self.layout.layers) {
            if let Some(average) = &mut layer.average {
                average.fill(&values[place.weight().start..place.bias().end]);
            }
        }
    }

    fn set_mask(&mut self, values: Option<&[f32]>) {
        for (layer, place) in self.layers.iter_mut().zip(&self.layout.layers) {
            layer.mask = values.map(|values| {
                let mut mask = Grid::spread(place.inputs + 1, place.outputs);
                mask.fill(&values[place.weight().start..place.bias().end]);
                mask
            });
        }
    }

    /// What a checkpoint holds, under the names that every engine uses.
    pub(super) fn save(&mut self) -> TrainState {
        let mut state = TrainState::new();
        let length = self.parameters();
        let mut gather = |name, grid: fn(&mut LayerWeights) -> Option<&mut Grid>| {
            let mut values = Vec::with_capacity(length);
            self.layers.iter_mut().filter_map(grid).for_each(|grid| grid.append_to(&mut values));
            if !values.is_empty() {
                state.put(name, values);
            }
        };
        gather(TrainState::PARAMETERS, |layer| Some(&mut layer.weight));
        gather(TrainState::FIRST_MOMENT, |layer| Some(&mut layer.first));
        gather(TrainState::SECOND_MOMENT, |layer| Some(&mut layer.second));
        gather(TrainState::EMA, |layer| layer.average.as_mut());
        gather(TrainState::MASK, |layer| layer.mask.as_mut());
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
        // A state without an average begins one at its parameters.
        let average = state.vector(TrainState::EMA, length).unwrap_or(parameters);
        let is_pruned = state.tensors.contains_key(TrainState::MASK);
        let mask = is_pruned.then(|| state.vector(TrainState::MASK, length)).transpose()?;
        self.set_parameters(parameters);
        self.set_average(average);
        self.set_mask(mask);
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
