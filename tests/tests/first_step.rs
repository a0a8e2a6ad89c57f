//! The fused engine's first step against Burn's on the CPU, to the rounding of its sums, and Adam from one gradient.
//!
//! Two correct programs that add the same terms in another order differ by rounding alone, so a gradient may be off by
//! `8 sqrt(K) 2^-24` of the sum of its terms' sizes, where K is the longest sum in the step. The GPU's tests are shown as
//! ignored where there is no adapter.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_data::Split;
use fude_engine::{Device, DeviceData, Engine, EngineKind, EngineSpec, EpochPlan, OptimizerSpec, TrainState, build};
use fude_kernels::{activation, adam, dropout, linear, loss, reference};
use fude_model::{Activation, MlpConfig, Parameters, initialise};
use fude_random::{Sequence, Stream};
use fude_tests::gpu;
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;

const CLASSES: usize = 10;
const SEED: u32 = 3;
const RATE: f32 = 1e-2;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let ignored = gpu::is_missing();
    let on_cpu = |name: &str, test: fn(&Device)| Trial::test(name, move || run(test, &Device::cpu()));
    let on_gpu =
        |name: &str, test: fn(&Device)| Trial::test(name, move || run(test, gpu::shared())).with_ignored_flag(ignored);
    let trials = vec![
        on_cpu("gradients_of_any_width_are_burn_s_on_the_cpu", widths),
        on_gpu("gradients_of_any_width_are_burn_s_on_the_gpu", widths),
        on_cpu("gradients_of_any_number_of_pixels_are_burn_s_on_the_cpu", pixels),
        on_gpu("gradients_of_any_number_of_pixels_are_burn_s_on_the_gpu", pixels),
        on_cpu("gradients_of_any_batch_are_burn_s_on_the_cpu", batches),
        on_gpu("gradients_of_any_batch_are_burn_s_on_the_gpu", batches),
        on_cpu("gradients_through_every_activation_are_burn_s_on_the_cpu", activations),
        on_gpu("gradients_through_every_activation_are_burn_s_on_the_gpu", activations),
        on_cpu("adam_takes_a_gradient_to_what_the_formula_says_on_the_cpu", adam_from_one_gradient),
        on_gpu("adam_takes_a_gradient_to_what_the_formula_says_on_the_gpu", adam_from_one_gradient),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(test: fn(&Device), device: &Device) -> Result<(), Failed> {
    test(device);
    Ok(())
}

fn widths(device: &Device) {
    for width in [1, 2, 15, 16, 17, 127, 128, 129, 784, 1000] {
        Case::new(784, &[width], 16, Activation::Relu).check(device);
    }
}

fn pixels(device: &Device) {
    for inputs in [1, 2, 15, 16, 17, 127, 128, 129, 784, 1000] {
        Case::new(inputs, &[17, 9], 16, Activation::Relu).check(device);
    }
}

fn batches(device: &Device) {
    for batch in [1, 2, 15, 16, 17, 127, 128, 129] {
        Case::new(784, &[33, 16], batch, Activation::Relu).check(device);
    }
}

fn activations(device: &Device) {
    for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
        Case::new(784, &[129, 128, 17], 33, activation).check(device);
    }
}

/// A model, and one batch on which no relu is near its corner, where rounding would decide what its slope is.
struct Case {
    model: MlpConfig,
    parameters: Parameters,
    images: Arc<Split>,
}

impl Case {
    fn new(inputs: usize, hidden: &[usize], batch: usize, activation: Activation) -> Self {
        let hidden = hidden.to_vec();
        let model = MlpConfig { inputs, hidden, outputs: CLASSES, activation, dropout: 0.2, ..Default::default() };
        let mut case = Self { parameters: initialise(&model, SEED), model, images: Arc::new(split(inputs)) };
        let mut draw = Sequence::new(SEED, Stream::Split, [inputs as u32, batch as u32]);
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for row in 0..batch {
            let image = std::iter::repeat_with(|| (0..inputs).map(|_| (draw.word() >> 24) as u8).collect::<Vec<u8>>())
                .take(1000)
                .find(|image| case.is_clear(image, row))
                .expect("an image on which no relu is near its corner");
            pixels.extend(image);
            labels.push((row * 7 % CLASSES) as u8);
        }
        case.images = Arc::new(Split { pixels, labels, ..split(inputs) });
        case
    }

    fn name(&self) -> String {
        format!("{} {}, batch {}", self.model.shape(), self.model.activation.name(), self.images.len())
    }

    fn parameters(&self) -> Vec<f64> {
        self.parameters.values.iter().map(|&value| f64::from(value)).collect()
    }

    /// The masks of the hidden layers for some rows of the batch.
    fn masks(&self, rows: std::ops::Range<usize>) -> Vec<Vec<f64>> {
        let mask = |(layer, &units): (usize, &usize)| {
            let all = dropout::mask(SEED, 0, 0, layer as u32, rows.end * units, self.model.dropout);
            all[rows.start * units..].to_vec()
        };
        self.model.hidden.iter().enumerate().map(mask).collect()
    }

    /// What hidden layer `layer` gets before its activation, for rows of the batch: the logits of a model that ends there.
    fn before_activation(&self, layer: usize, images: &[f64], masks: &[Vec<f64>]) -> Vec<f64> {
        let hidden = self.model.hidden[..layer].to_vec();
        let cut = MlpConfig { hidden, outputs: self.model.hidden[layer], ..self.model.clone() };
        reference::logits(&cut, &self.parameters()[..cut.layout().parameters()], images, &masks[..layer])
    }

    fn is_clear(&self, image: &[u8], row: usize) -> bool {
        let (image, masks) = (scaled(image), self.masks(row..row + 1));
        let is_clear = |layer| self.before_activation(layer, &image, &masks).iter().all(|z| z.abs() > 1e-4);
        self.model.activation != Activation::Relu || (0..self.model.hidden.len()).all(is_clear)
    }

    /// One step's state, from `state` or from the beginning.
    fn step(&self, kind: EngineKind, device: &Device, state: Option<&TrainState>) -> TrainState {
        let mut engine = self.engine(kind, device);
        if let Some(state) = state {
            engine.load_state(0, state).unwrap();
        }
        let batch = self.images.len() as u32;
        let plan = EpochPlan::new(0, SEED, batch, (0..batch).collect(), vec![RATE]);
        engine.train(&[plan], 0..1, &mut ()).unwrap();
        engine.state(0).unwrap()
    }

    fn engine(&self, kind: EngineKind, device: &Device) -> Box<dyn Engine> {
        let images = DeviceData::upload(self.images.clone(), CLASSES, device).unwrap();
        let optimizer = OptimizerSpec { weight_decay: 0.0, ..Default::default() };
        let spec =
            EngineSpec { optimizer, ..EngineSpec::new(self.model.clone(), vec![self.parameters.clone()], images) };
        build(Some(kind), device, spec).unwrap()
    }

    fn check(&self, device: &Device) {
        let gradient = |state: &TrainState| -> Vec<f64> {
            state.tensors[TrainState::FIRST_MOMENT]
                .values
                .iter()
                .map(|&m| f64::from(m) / (1.0 - f64::from(0.9f32)))
                .collect()
        };
        let expected = gradient(&self.step(EngineKind::Burn, &Device::cpu(), None));
        let got = gradient(&self.step(EngineKind::Fused, device, None));
        let longest = self.model.hidden.iter().fold(self.model.inputs.max(self.images.len()), |k, &h| k.max(h));
        let share = 8.0 * (longest as f64).sqrt() * 2f64.powi(-24);
        for (index, ((got, expected), size)) in got.iter().zip(&expected).zip(self.sizes()).enumerate() {
            let (off, tolerance) = ((got - expected).abs(), share * size);
            let name = self.name();
            assert!(off <= tolerance, "{name}: gradient {index}: {got}, expected {expected}, {off:e} > {tolerance:e}");
        }
    }

    /// The sum of the sizes of each gradient's terms `[P]`, written out down to pixels and weights: the way forth and back
    /// with sizes in place of numbers.
    fn sizes(&self) -> Vec<f64> {
        let (layout, parameters) = (self.model.layout(), self.parameters.values.iter());
        let weights: Vec<f64> = parameters.map(|&value| f64::from(value.abs())).collect();
        let masks = self.masks(0..self.images.len());
        let mut units = vec![Units { value: scaled(&self.images.pixels), slope: Vec::new() }];
        for (index, layer) in layout.layers.iter().enumerate().take(self.model.hidden.len()) {
            let z = linear::forward(&units[index].value, &weights[layer.weight()], &weights[layer.bias()]);
            units.push(self.units(index, &z, &masks));
        }
        let last = &layout.layers[self.model.hidden.len()];
        let logits =
            linear::forward(&units[self.model.hidden.len()].value, &weights[last.weight()], &weights[last.bias()]);
        let mut dy = self.loss_gradient(&logits, &masks);
        let mut sizes = vec![0.0; weights.len()];
        for (index, layer) in layout.layers.iter().enumerate().rev() {
            let x = &units[index];
            sizes[layer.weight()].copy_from_slice(&linear::weight_gradient(&x.value, &dy, layer.inputs, layer.outputs));
            sizes[layer.bias()].copy_from_slice(&linear::bias_gradient(&dy, layer.outputs));
            if index > 0 {
                dy = linear::input_gradient(&dy, &weights[layer.weight()], layer.outputs);
                dy.iter_mut().zip(&x.slope).for_each(|(dy, slope)| *dy *= slope);
            }
        }
        sizes
    }

    /// Sizes of a hidden layer's units, of whose inputs the terms have sizes `z`: what is off by a share of `z` before an
    /// activation is off by its slope times as much behind it.
    fn units(&self, layer: usize, z: &[f64], masks: &[Vec<f64>]) -> Units {
        let inputs = self.before_activation(layer, &scaled(&self.images.pixels), masks);
        // A second derivative is at most 0.8 (of gelu and tanh); a relu has none where no input is near 0.
        let bend = if self.model.activation == Activation::Relu { 0.0 } else { 0.8 };
        let of = |((&input, size), mask): ((&f64, &f64), &f64)| {
            let value = activation::value(self.model.activation, input).abs();
            let slope = activation::derivative(self.model.activation, input).abs();
            ((value + slope * size) * mask, (slope + bend * size) * mask)
        };
        let (value, slope) = inputs.iter().zip(z).zip(&masks[layer]).map(of).unzip();
        Units { value, slope }
    }

    /// Sizes of the loss's gradient by the logits, of which the terms have sizes `z`: of `(p - t) / B` they are p and t, and
    /// p is off by p times what its logit is off.
    fn loss_gradient(&self, z: &[f64], masks: &[Vec<f64>]) -> Vec<f64> {
        let logits = reference::logits(&self.model, &self.parameters(), &scaled(&self.images.pixels), masks);
        let targets = loss::targets(&self.images.labels, CLASSES, 0.0);
        let batch = self.images.len() as f64;
        let slopes = loss::gradient(&logits, &targets, CLASSES);
        let of = |((slope, target), size): ((&f64, &f64), &f64)| {
            let p = slope + target / batch;
            p * (1.0 + 2.0 * size) + target / batch
        };
        slopes.iter().zip(&targets).zip(z).map(of).collect()
    }
}

/// Sizes of a layer's outputs and of their slopes, `[B, H]`.
struct Units {
    value: Vec<f64>,
    slope: Vec<f64>,
}

fn split(width: usize) -> Split {
    Split { pixels: Vec::new(), labels: Vec::new(), height: 1, width }
}

fn scaled(pixels: &[u8]) -> Vec<f64> {
    pixels.iter().map(|&pixel| f64::from(pixel) / 255.0).collect()
}

/// The tenth step, from a first moment of 0, so that the gradient can be read off the new one.
fn adam_from_one_gradient(device: &Device) {
    let case = Case::new(100, &[33, 17], 16, Activation::Relu);
    let mut before = case.engine(EngineKind::Fused, device).state(0).unwrap();
    let mut draw = Sequence::new(SEED, Stream::Split, [5, 5]);
    let moments = &mut before.tensors.get_mut(TrainState::SECOND_MOMENT).unwrap().values;
    moments.iter_mut().for_each(|v| *v = (draw.word() >> 8) as f32 * 1e-12);
    before.scalars.insert(TrainState::ADAM_STEP.into(), 9.0);
    let after = case.step(EngineKind::Fused, device, Some(&before));
    let rule = adam::Rule {
        learning_rate: f64::from(RATE),
        // As engines have them.
        beta1: f64::from(0.9f32),
        beta2: f64::from(0.999f32),
        epsilon: f64::from(1e-8f32),
        weight_decay: 0.0,
        decoupled: false,
    };
    let of = |state: &TrainState, name: &str| -> Vec<f64> {
        state.tensors[name].values.iter().map(|&value| f64::from(value)).collect()
    };
    let [w, v] = [TrainState::PARAMETERS, TrainState::SECOND_MOMENT].map(|name| of(&before, name));
    let [new_w, new_m, new_v] =
        [TrainState::PARAMETERS, TrainState::FIRST_MOMENT, TrainState::SECOND_MOMENT].map(|name| of(&after, name));
    for index in 0..w.len() {
        let gradient = new_m[index] / (1.0 - rule.beta1);
        let start = adam::Moments { w: w[index], m: 0.0, v: v[index] };
        let expected = adam::step(&rule, start, gradient, 10);
        let close = |got: f64, expected: f64, floor: f64| (got - expected).abs() <= 1e-6 * expected.abs() + floor;
        assert!(close(new_v[index], expected.v, 1e-18), "v {index}: {}, expected {}", new_v[index], expected.v);
        // A weight near 0 is as exact as its change, which is of the learning rate's size.
        let floor = 1e-6 * rule.learning_rate;
        assert!(close(new_w[index], expected.w, floor), "w {index}: {}, expected {}", new_w[index], expected.w);
    }
}
