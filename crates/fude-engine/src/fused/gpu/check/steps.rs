//! What each dispatch of a step wrote, against its twin.

use super::bounds::{normalized, product, slope, through_normalization, times, value};
use super::case::CheckCase;
use super::close::{Expected, Ledger};
use super::logits::logits;
use super::stage::{STEP, Stage};
use crate::fused::gpu::schedule::{Dispatch, Work};
use crate::{Device, EngineError};
use fude_kernels::normalize;

/// Runs a step of a case and compares.
pub(super) fn check(device: &Device, case: &CheckCase, ledger: &mut Ledger) -> Result<(), EngineError> {
    let mut stage = Stage::new(device, case)?;
    for (number, dispatch) in stage.dispatches()?.iter().enumerate() {
        let before = Before::read(&stage, dispatch)?;
        stage.dispatch(number, ledger)?;
        for model in 0..case.models {
            let checked = Checked { stage: &stage, before: &before, dispatch, model };
            match dispatch.work {
                Work::ForwardImages | Work::Forward => checked.forward(ledger)?,
                Work::Hidden => checked.hidden(ledger)?,
                Work::Tail => checked.tail(ledger)?,
                Work::Backward => checked.backward(ledger)?,
                Work::Normalize => checked.normalize(ledger)?,
                Work::Deform => checked.deformed(ledger)?,
                Work::Gradient => checked.stored_gradient(ledger)?,
                Work::Update | Work::Adam => checked.update(ledger)?,
                Work::Logits => {}
            }
        }
    }
    logits(&mut stage, ledger)
}

/// Buffers that a dispatch changes, as they were.
pub(super) struct Before {
    pub(super) weights: Vec<f64>,
    pub(super) first: Vec<f64>,
    pub(super) second: Vec<f64>,
    pub(super) average: Vec<f64>,
    deltas: Vec<f64>,
}

impl Before {
    fn read(stage: &Stage, dispatch: &Dispatch) -> Result<Self, EngineError> {
        let update = matches!(dispatch.work, Work::Update | Work::Adam);
        let some = |name: &str, wanted: bool| if wanted { stage.floats(name) } else { Ok(Vec::new()) };
        Ok(Self {
            weights: stage.floats("weights")?,
            first: some("first", update)?,
            second: some("second", update)?,
            average: some("average", update && stage.case.ema_decay.is_some())?,
            deltas: some("deltas", matches!(dispatch.work, Work::Backward | Work::Normalize))?,
        })
    }
}

/// One model after a dispatch; what is said of the loss is in `loss.rs`, of weights in `update.rs`.
pub(super) struct Checked<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) before: &'a Before,
    dispatch: &'a Dispatch,
    pub(super) model: usize,
}

impl Checked<'_> {
    pub(super) fn name(&self) -> &'static str {
        self.dispatch.work.name()
    }

    pub(super) fn what(&self, what: &str, layer: usize) -> String {
        format!("{what} of layer {} of model {} of {}", layer + 1, self.model, self.stage.case.name())
    }

    /// The linear output of a layer from its input on the GPU: `[B, O]`.
    fn linear(&self, layer: usize) -> Result<Vec<Expected>, EngineError> {
        let inputs = self.stage.inputs(&self.stage.floats("inputs")?, self.model, layer)?;
        let weights = self.stage.weights(&self.before.weights, self.model, layer);
        let rows = inputs.values.chunks_exact(inputs.columns);
        let columns = |o: usize| weights.column(o);
        Ok(rows.flat_map(|row| (0..weights.columns).map(move |o| product(row.iter().copied(), columns(o)))).collect())
    }

    fn forward(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let layer = self.dispatch.layer;
        let sums = self.stage.linear_output(&self.stage.floats("partials")?, self.model, self.dispatch, layer);
        let got: Vec<f64> = sums.iter().map(|sum| sum.value).collect();
        ledger.compare(self.name(), &self.what("linear output", layer), &got, &self.linear(layer)?);
        if self.dispatch.work == Work::ForwardImages {
            self.kept_bytes(ledger)?;
        }
        Ok(())
    }

    /// The batch's bytes, kept for the weight gradient.
    fn kept_bytes(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let (stage, case) = (self.stage, self.stage.case);
        let row_words = stage.engine.weights.places.words();
        let words = stage.words("x")?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        for (row, &image) in stage.plans[self.model].rows(STEP).iter().enumerate() {
            let kept = &bytes[4 * row_words * (self.model * case.batch + row)..][..case.model.inputs];
            let numbers = |bytes: &[u8]| bytes.iter().map(|&byte| f64::from(byte)).collect::<Vec<_>>();
            let image = numbers(stage.images.image(image as usize));
            ledger.compare_exactly(self.name(), &self.what("kept bytes", 0), &numbers(kept), &image);
        }
        Ok(())
    }

    fn hidden(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let layer = self.dispatch.layer;
        let z = self.stage.linear_output(&self.stage.floats("partials")?, self.model, self.dispatch, layer);
        let x = self.normalized(layer, &z);
        self.hidden_values(layer, &x, ledger)?;
        let deltas = self.stage.deltas(&self.stage.floats("deltas")?, self.model, layer)?;
        ledger.compare(self.name(), &self.what("slopes", layer), &deltas.values, &self.slopes(layer, &x));
        Ok(())
    }

    /// A hidden layer's linear output, normalised where the model does that.
    fn normalized(&self, layer: usize, z: &[Expected]) -> Vec<Expected> {
        let units = self.stage.place(layer).outputs;
        if self.stage.normalizes() { z.chunks_exact(units).flat_map(normalized).collect() } else { z.to_vec() }
    }

    /// The input of the layer after a hidden layer, which is that layer's value with a 1.
    fn hidden_values(&self, layer: usize, x: &[Expected], ledger: &mut Ledger) -> Result<(), EngineError> {
        let inputs = self.stage.inputs(&self.stage.floats("inputs")?, self.model, layer + 1)?;
        let units = self.stage.place(layer).outputs;
        let mask = self.stage.mask(self.model, layer);
        let activation = self.stage.case.model.activation;
        let mut expected = Vec::with_capacity(inputs.values.len());
        for (x, mask) in x.chunks_exact(units).zip(mask.chunks_exact(units)) {
            expected.extend(x.iter().zip(mask).map(|(&x, &mask)| value(activation, x, mask)));
            expected.push(Expected { value: 1.0, tolerance: 0.0 });
        }
        ledger.compare(self.name(), &self.what("values", layer), &inputs.values, &expected);
        Ok(())
    }

    fn slopes(&self, layer: usize, x: &[Expected]) -> Vec<Expected> {
        let activation = self.stage.case.model.activation;
        let mask = self.stage.mask(self.model, layer);
        x.iter().zip(mask).map(|(&x, mask)| slope(activation, x, mask)).collect()
    }

    fn tail(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let (stage, layers) = (self.stage, self.stage.layers());
        let first = self.dispatch.layer;
        // The linear output of every layer from the one before the tail on, each from what is on the GPU.
        let mut z = vec![stage.linear_output(&stage.floats("partials")?, self.model, self.dispatch, first - 1)];
        let mut x = Vec::new();
        for layer in first..layers {
            x.push(self.normalized(layer - 1, &z[layer - first]));
            self.hidden_values(layer - 1, &x[layer - first], ledger)?;
            z.push(self.linear(layer)?);
        }
        let deltas = stage.floats("deltas")?;
        self.loss(&z[layers - first], &stage.deltas(&deltas, self.model, layers - 1)?, ledger)?;
        for layer in (first..layers).rev() {
            let slopes = self.slopes(layer - 1, &x[layer - first]);
            let got = stage.deltas(&deltas, self.model, layer - 1)?;
            let mut expected = self.input_gradient(layer, &deltas, &slopes)?;
            if stage.normalizes() {
                let units = got.columns;
                let rows = expected.chunks_exact(units).zip(z[layer - first].chunks_exact(units));
                expected = rows.flat_map(|(d, z)| through_normalization(d, z)).collect();
            }
            ledger.compare(self.name(), &self.what("gradients", layer - 1), &got.values, &expected);
        }
        Ok(())
    }

    /// `slope * (delta W^T)`, from a layer's deltas on the GPU: `[B, I]`.
    fn input_gradient(&self, layer: usize, deltas: &[f64], slopes: &[Expected]) -> Result<Vec<Expected>, EngineError> {
        let delta = self.stage.deltas(deltas, self.model, layer)?;
        let weights = self.stage.weights(&self.before.weights, self.model, layer);
        let inputs = self.stage.place(layer).inputs;
        let sum = |at: usize| {
            let (row, i) = (at / inputs, at % inputs);
            product(delta.row(row).iter().copied(), weights.row(i).iter().copied())
        };
        Ok(slopes.iter().enumerate().map(|(at, &slope)| times(slope, sum(at))).collect())
    }

    fn backward(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let layer = self.dispatch.layer;
        let before = self.stage.deltas(&self.before.deltas, self.model, layer - 1)?;
        let slopes: Vec<_> = before.values.iter().map(|&value| Expected { value, tolerance: 0.0 }).collect();
        let deltas = self.stage.floats("deltas")?;
        let got = self.stage.deltas(&deltas, self.model, layer - 1)?;
        let expected = self.input_gradient(layer, &deltas, &slopes)?;
        ledger.compare(self.name(), &self.what("gradients", layer - 1), &got.values, &expected);
        Ok(())
    }

    /// From what the shader reads: x and `1 / s`, which are those of the linear output `x s`.
    fn normalize(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let layer = self.dispatch.layer;
        let (x, inverses) = self.stage.normalized(&self.stage.floats("inputs")?, self.model, layer)?;
        let before = self.stage.deltas(&self.before.deltas, self.model, layer)?;
        let got = self.stage.deltas(&self.stage.floats("deltas")?, self.model, layer)?;
        let mut expected = Vec::new();
        for (row, inverse) in inverses.iter().enumerate() {
            let z: Vec<f64> = x.row(row).iter().map(|x| x / inverse).collect();
            let size = before.row(row).iter().map(|d| d.abs()).fold(0.0, f64::max);
            let dz = normalize::gradient(before.row(row), &z, z.len());
            let tolerance = |(value, x): (f64, &f64)| {
                let off = 3e-6 * size * inverse * (1.0 + x.abs()) + 1e-6 * value.abs() + 1e-30;
                Expected { value, tolerance: off }
            };
            expected.extend(dz.into_iter().zip(x.row(row)).map(tolerance));
        }
        ledger.compare(self.name(), &self.what("gradients", layer), &got.values, &expected);
        Ok(())
    }

    /// The first layer's input, made as floats.
    fn deformed(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let got = self.stage.inputs(&self.stage.floats("inputs")?, self.model, 0)?;
        let expected = super::deformed::inputs(self.stage, self.model);
        ledger.compare(self.name(), &self.what("inputs", 0), &got.values, &expected);
        Ok(())
    }
}
