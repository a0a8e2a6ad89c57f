//! Weight gradients, and what Adam makes of them, against the twins.

use super::bounds::product;
use super::close::{Expected, Ledger};
use super::stage::{Matrix, STEP};
use super::steps::Checked;
use crate::EngineError;
use fude_kernels::adam::{Moments, Rule};

impl Checked<'_> {
    /// The gradient of every weight of a layer.
    fn gradient_of(&self, layer: usize) -> Result<impl Fn(usize) -> Expected, EngineError> {
        let x = self.stage.inputs(&self.stage.floats("inputs")?, self.model, layer)?;
        let delta = self.stage.deltas(&self.stage.floats("deltas")?, self.model, layer)?;
        let columns = delta.columns;
        Ok(move |at: usize| product(x.column(at / columns), delta.column(at % columns)))
    }

    pub(super) fn stored_gradient(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
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

    pub(super) fn update(&self, ledger: &mut Ledger) -> Result<(), EngineError> {
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
