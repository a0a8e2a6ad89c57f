//! What each dispatch of a step wrote, against its twin.

use super::bounds::{normalized, product, slope, sum_tolerance, through_normalization, times, value};
use super::case::CheckCase;
use super::close::{Expected, Ledger};
use super::stage::{Matrix, STEP, Stage};
use crate::fused::gpu::schedule::{Dispatch, Work};
use crate::{Device, Engine, EngineError, View};
use fude_kernels::adam::{Moments, Rule};
use fude_kernels::{loss, normalize, reference};

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
struct Before {
    weights: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    average: Vec<f64>,
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

/// One model after a dispatch.
struct Checked<'a> {
    stage: &'a Stage<'a>,
    before: &'a Before,
    dispatch: &'a Dispatch,
    model: usize,
}

impl Checked<'_> {
    fn name(&self) -> &'static str {
        self.dispatch.work.name()
    }

    fn what(&self, what: &str, layer: usize) -> String {
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

    fn loss(&self, z: &[Expected], delta: &Matrix, ledger: &mut Ledger) -> Result<(), EngineError> {
        let (stage, case) = (self.stage, self.stage.case);
        let classes = case.model.outputs;
        let labels = stage.labels(self.model);
        let targets = self.targets(&labels);
        let logits: Vec<f64> = z.iter().map(|z| z.value).collect();
        // What a logit is off by changes a probability by at most as much, and so does every other logit of the row.
        let off = |row: usize| z[row * classes..][..classes].iter().map(|z| z.tolerance).fold(0.0, f64::max);
        let share = 1.0 / case.rows as f64;
        let (losses, gradient) = self.losses(&logits, &targets);
        let gradient: Vec<_> = gradient
            .into_iter()
            .enumerate()
            .map(|(at, value)| Expected { value, tolerance: share * (2.0 * off(at / classes) + 2e-6) })
            .collect();
        ledger.compare(self.name(), &self.what("gradients", stage.layers() - 1), &delta.values, &gradient);
        let (mut noted, mut expected) = (Vec::new(), Vec::new());
        let (mut hits, mut expected_hits) = (Vec::new(), Vec::new());
        let notes = stage.words("notes")?;
        let of_model = case.batch.div_ceil(4);
        for group in 0..case.rows.div_ceil(4) {
            let rows = 4 * group..case.rows.min(4 * group + 4);
            let note = &notes[2 * (self.model * of_model + group)..][..2];
            noted.push(f64::from(f32::from_bits(note[0])));
            let tolerance = |row: usize| 4.0 * off(row) + 2e-6 * (1.0 + losses[row].abs());
            expected.push(Expected {
                value: losses[rows.clone()].iter().sum(),
                tolerance: rows.clone().map(tolerance).sum(),
            });
            let row_logits = |row: usize| &logits[row * classes..][..classes];
            if rows.clone().all(|row| !is_torn(row_logits(row), off(row))) {
                hits.push(f64::from(note[1]));
                let hit = |&row: &usize| first_largest(row_logits(row)) == usize::from(labels[row]);
                expected_hits.push(rows.filter(hit).count() as f64);
            }
        }
        ledger.compare(self.name(), &self.what("losses", stage.layers() - 1), &noted, &expected);
        ledger.compare_exactly(self.name(), &self.what("hits", stage.layers() - 1), &hits, &expected_hits);
        Ok(())
    }

    /// What the step's rows should say, `[B, O]`: smoothed, and mixed with the partner's.
    fn targets(&self, labels: &[u8]) -> Vec<f64> {
        let case = self.stage.case;
        let own = loss::targets(labels, case.model.outputs, f64::from(case.smoothing));
        let Some(share) = case.mixed.map(f64::from) else { return own };
        let partners = own.chunks_exact(case.model.outputs).rev().flatten();
        own.iter().zip(partners).map(|(own, partner)| share * own + (1.0 - share) * partner).collect()
    }

    /// Each row's loss `[B]` and the gradient of their mean `[B, O]`, a teacher's share in them.
    fn losses(&self, logits: &[f64], targets: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let classes = self.stage.case.model.outputs;
        let hard = (loss::cross_entropy(logits, targets, classes), loss::gradient(logits, targets, classes));
        let Some(teacher) = &self.stage.plans[self.model].teacher else { return hard };
        let (w, t) = (f64::from(teacher.weight), f64::from(teacher.temperature));
        let warm: Vec<f64> = logits.iter().map(|z| z / t).collect();
        let said = |&row: &u32| &teacher.probabilities[row as usize * classes..][..classes];
        let q: Vec<f64> =
            self.stage.plans[self.model].rows(STEP).iter().flat_map(said).map(|&q| f64::from(q)).collect();
        // The twin's gradient takes q to sum to 1, which it does to f32's last place.
        let soft = (loss::cross_entropy(&warm, &q, classes), loss::gradient(&warm, &q, classes));
        let mix = |hard: &[f64], soft: &[f64], factor: f64| -> Vec<f64> {
            hard.iter().zip(soft).map(|(hard, soft)| (1.0 - w) * hard + w * factor * soft).collect()
        };
        (mix(&hard.0, &soft.0, t * t), mix(&hard.1, &soft.1, t))
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

    /// The gradient of every weight of a layer.
    fn gradient_of(&self, layer: usize) -> Result<impl Fn(usize) -> Expected, EngineError> {
        let x = self.stage.inputs(&self.stage.floats("inputs")?, self.model, layer)?;
        let delta = self.stage.deltas(&self.stage.floats("deltas")?, self.model, layer)?;
        let columns = delta.columns;
        Ok(move |at: usize| product(x.column(at / columns), delta.column(at % columns)))
    }

    fn stored_gradient(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let stored = self.stage.floats("gradient")?;
        for layer in 0..self.stage.layers() {
            let got = self.stage.weights(&stored, self.model, layer);
            let gradient = self.gradient_of(layer)?;
            let expected: Vec<_> = (0..got.values.len()).map(gradient).collect();
            ledger.compare(self.name(), &self.what("weight gradients", layer), &got.values, &expected);
        }
        let squares = stored.iter().map(|g| g * g).sum::<f64>() / self.stage.case.models as f64;
        if self.stage.case.models == 1 {
            let got: f64 = self.stage.floats("squares")?.iter().sum();
            let expected = Expected { value: squares, tolerance: 1e-5 * squares };
            ledger.compare(self.name(), &self.what("squares", 0), &[got], &[expected]);
        }
        Ok(())
    }

    /// What stored gradients are multiplied with.
    fn clip_factor(&self) -> Result<f64, EngineError> {
        let Some(largest) = self.stage.case.clip_norm else { return Ok(1.0) };
        let stored = self.stage.floats("gradient")?;
        let quads = self.stage.engine.weights.places.weights;
        let own = &stored[4 * quads * self.model..][..4 * quads];
        let norm = own.iter().map(|g| g * g).sum::<f64>().sqrt();
        Ok((f64::from(largest) / (norm + 1e-6)).min(1.0))
    }

    fn update(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
        let stage = self.stage;
        let factor = self.clip_factor()?;
        let stored = if stage.case.clip_norm.is_some() { stage.floats("gradient")? } else { Vec::new() };
        let averages = if stage.case.ema_decay.is_some() { stage.floats("average")? } else { Vec::new() };
        let [weights, first, second] = ["weights", "first", "second"].map(|name| stage.floats(name));
        let after = (weights?, first?, second?);
        let transposed = stage.floats("transposed")?;
        for layer in 0..stage.layers() {
            let cut = |buffer: &[f64]| stage.weights(buffer, self.model, layer);
            let new = (cut(&after.0), cut(&after.1), cut(&after.2));
            let old = (cut(&self.before.weights), cut(&self.before.first), cut(&self.before.second));
            if stage.case.clip_norm.is_some() {
                let stored = cut(&stored);
                let clipped = |at: usize| {
                    let value = factor * stored.values[at];
                    Expected { value, tolerance: 3e-6 * value.abs() + 1e-30 }
                };
                self.moments(layer, &old, &new, clipped, ledger);
            } else {
                self.moments(layer, &old, &new, self.gradient_of(layer)?, ledger);
            }
            if let Some(decay) = stage.case.ema_decay {
                let (before, after) = (cut(&self.before.average), cut(&averages));
                let follow = |(&e, &w): (&f64, &f64)| {
                    let value = e + (1.0 - f64::from(decay)) * (w - e);
                    Expected { value, tolerance: 3e-7 * (value.abs() + w.abs()) + 1e-30 }
                };
                let expected: Vec<_> = before.values.iter().zip(&new.0.values).map(follow).collect();
                ledger.compare(self.name(), &self.what("average", layer), &after.values, &expected);
            }
            if layer > 0 {
                let back = stage.transposed(&transposed, self.model, layer);
                let place = stage.place(layer);
                let expected: Vec<f64> = (0..place.outputs)
                    .flat_map(|o| (0..place.inputs).map(move |i| (i, o)))
                    .map(|(i, o)| new.0.at(i, o))
                    .collect();
                ledger.compare_exactly(self.name(), &self.what("transposed weights", layer), &back.values, &expected);
            }
        }
        Ok(())
    }

    /// The first moment against the gradient's twin; the second and the weight against Adam's, from that moment.
    fn moments(
        &self,
        layer: usize,
        old: &(Matrix, Matrix, Matrix),
        new: &(Matrix, Matrix, Matrix),
        gradient: impl Fn(usize) -> Expected,
        ledger: &mut Ledger,
    ) {
        let optimizer = &self.stage.case.optimizer;
        let rule = Rule {
            learning_rate: f64::from(self.stage.plans[self.model].learning_rate[STEP as usize]),
            beta1: f64::from(optimizer.beta1),
            beta2: f64::from(optimizer.beta2),
            epsilon: f64::from(optimizer.epsilon),
            weight_decay: f64::from(optimizer.weight_decay),
            decoupled: optimizer.decoupled,
        };
        let decay = if rule.decoupled { 0.0 } else { rule.weight_decay };
        let mut expected = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..new.0.values.len() {
            let before = Moments { w: old.0.values[at], m: old.1.values[at], v: old.2.values[at] };
            let g = gradient(at);
            let twin = fude_kernels::adam::step(&rule, before, g.value, STEP as i32 + 1);
            let rounding = 1e-6 * (before.m.abs() + g.value.abs() + decay * before.w.abs()) + 1e-12;
            expected.0.push(Expected { value: twin.m, tolerance: (1.0 - rule.beta1) * g.tolerance + rounding });
            // The gradient that the shader had, decay included, as its first moment tells.
            let had = (new.1.values[at] - rule.beta1 * before.m) / (1.0 - rule.beta1);
            let blur = 4e-7 * (new.1.values[at].abs() + before.m.abs()) / (1.0 - rule.beta1);
            let v = rule.beta2 * before.v + (1.0 - rule.beta2) * had * had;
            let tolerance = 1e-6 * v + (1.0 - rule.beta2) * (2.0 * had.abs() * blur + blur * blur) + 1e-18;
            expected.1.push(Expected { value: v, tolerance });
            expected.2.push(weight(&rule, before.w, new.1.values[at], new.2.values[at]));
        }
        ledger.compare(self.name(), &self.what("first moments", layer), &new.1.values, &expected.0);
        ledger.compare(self.name(), &self.what("second moments", layer), &new.2.values, &expected.1);
        ledger.compare(self.name(), &self.what("weights", layer), &new.0.values, &expected.2);
    }
}

/// The new weight that belongs to new moments.
fn weight(rule: &Rule, w: f64, m: f64, v: f64) -> Expected {
    let time = STEP as i32 + 1;
    let shrink = if rule.decoupled { 1.0 - rule.learning_rate * rule.weight_decay } else { 1.0 };
    let (m_hat, v_hat) = (m / (1.0 - rule.beta1.powi(time)), v / (1.0 - rule.beta2.powi(time)));
    let change = rule.learning_rate * m_hat / (v_hat.sqrt() + rule.epsilon);
    Expected { value: shrink * w - change, tolerance: 2e-7 * w.abs() + 2e-6 * change.abs() + 1e-12 }
}

/// Whether the largest logit may be another one.
fn is_torn(logits: &[f64], off: f64) -> bool {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter().filter(|&&z| z >= largest - 2.0 * off).count() > 1
}

fn first_largest(logits: &[f64]) -> usize {
    (0..logits.len()).fold(0, |best, at| if logits[at] > logits[best] { at } else { best })
}

/// The evaluation's logits of every image, by each model's weights after the step.
fn logits(stage: &mut Stage, ledger: &mut Ledger) -> Result<(), EngineError> {
    let config = stage.case.model.clone();
    let (factor, term) = config.input.of_bytes();
    let pixels: Vec<f64> =
        stage.images.pixels.iter().map(|&byte| f64::from(byte) * f64::from(factor) + f64::from(term)).collect();
    for model in 0..stage.case.models {
        let padded = stage.floats("weights")?;
        let quads = stage.engine.weights.places.weights;
        let of_model: Vec<f32> = padded[4 * quads * model..][..4 * quads].iter().map(|&w| w as f32).collect();
        let flat = super::close::wide(&stage.engine.weights.places.unpad(&of_model));
        let expected = reference::logits(&config, &flat, &pixels, &[]);
        // A bound through all layers: rounding of every sum, carried on by the weights' sizes.
        let absolute: Vec<f64> = flat.iter().map(|w| w.abs()).collect();
        let sizes = reference::logits(&positive(&config), &absolute, &pixels, &[]);
        let depth: usize = config.widths().iter().sum();
        let expected: Vec<_> = expected
            .iter()
            .zip(sizes)
            .map(|(&value, size)| Expected {
                value,
                tolerance: 1.3f64.powi(stage.layers() as i32) * sum_tolerance(depth, size) + 1e-6,
            })
            .collect();
        let data = stage.engine.train.clone();
        let got = stage.engine.logits(model, &data, View::PLAIN)?;
        let what = format!("logits of model {model} of {}", stage.case.name());
        ledger.compare(Work::Logits.name(), &what, &super::close::wide(&got.values), &expected);
    }
    Ok(())
}

/// The same model with relu, which gives sums of sizes where inputs and weights are not negative.
fn positive(config: &fude_model::MlpConfig) -> fude_model::MlpConfig {
    fude_model::MlpConfig { activation: fude_model::Activation::Relu, dropout: 0.0, ..config.clone() }
}
