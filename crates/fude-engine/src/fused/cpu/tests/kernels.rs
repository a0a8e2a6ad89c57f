//! Each kernel against its twin, at every SIMD level of this machine.

use super::super::adam::AdamStep;
use super::super::dropout::{Dropping, Masks};
use super::super::hidden::Activate;
use super::super::linear::{Forward, InputGradient};
use super::super::memory::Grid;
use super::super::normalize::{Normalize, NormalizeGradient};
use super::super::residual::{AddInput, ResidualGradient};
use super::super::simd::Level;
use super::super::update::{Then, Update};
use super::super::weights::{Keeps, Weights};
use super::*;
use fude_kernels::adam::{Moments, Rule};
use fude_kernels::{activation, dropout, linear, normalize};
use fude_model::Layout;

/// Odd combinations of three sizes: each size in each place, without all thousand.
fn shapes() -> Vec<[usize; 3]> {
    let small = [1, 2, 7, 15, 17, 33];
    let mut shapes: Vec<_> = (0..10).map(|i| [small[i % 6], SIZES[i], SIZES[(i + 3) % 10]]).collect();
    shapes.extend((0..10).map(|i| [SIZES[i], small[i % 6], SIZES[(i + 5) % 10]]));
    shapes.extend((0..10).map(|i| [small[(i + 2) % 6], SIZES[i], 10]));
    shapes
}

/// A sum of `terms` products of numbers within 1 may be off by `8 sqrt(K) 2^-24 sum |terms|`, the sum at most K.
fn sum_tolerance(terms: usize) -> f64 {
    let k = terms as f64 + 1.0;
    8.0 * k.sqrt() * 2f64.powi(-24) * k
}

#[test]
fn forward_is_its_twin_over_odd_shapes() {
    for [batch, inputs, outputs] in shapes() {
        let (x, parameters) = (numbers(1, batch * inputs), numbers(2, (inputs + 1) * outputs));
        let (weight, bias) = parameters.split_at(inputs * outputs);
        let expected = linear::forward(&wide(&x), &wide(weight), &wide(bias));
        let (input, weight) = (grid(batch, inputs, &x), grid(inputs + 1, outputs, &parameters));
        for level in Level::available() {
            let mut output = Grid::spread(batch, outputs);
            level.run(Forward { input: &input, weight: &weight, output: &output, rows: 0..batch });
            let what = format!("{level:?} {batch} x {inputs} x {outputs}");
            assert_close(&what, &values(&mut output), &expected, |_| sum_tolerance(inputs));
        }
    }
}

#[test]
fn input_gradient_is_its_twin_times_the_slope() {
    for [batch, inputs, outputs] in shapes() {
        let (dy, weight) = (numbers(3, batch * outputs), numbers(4, inputs * outputs));
        let slope = numbers(5, batch * inputs);
        let dx = linear::input_gradient(&wide(&dy), &wide(&weight), outputs);
        let expected: Vec<f64> = dx.iter().zip(&slope).map(|(dx, &slope)| dx * f64::from(slope)).collect();
        let transposed: Vec<f32> = (0..outputs).flat_map(|o| weight.iter().skip(o).step_by(outputs)).copied().collect();
        let (delta_out, transposed) = (grid(batch, outputs, &dy), grid(outputs, inputs, &transposed));
        for level in Level::available() {
            let mut delta_in = grid(batch, inputs, &slope);
            let (delta_out, transposed) = (&delta_out, &transposed);
            level.run(InputGradient { delta_out, transposed, delta_in: &delta_in, rows: 0..batch });
            assert_close(&format!("{level:?}"), &values(&mut delta_in), &expected, |_| sum_tolerance(outputs));
        }
    }
}

/// With beta1 = 0 the first moment is the gradient.
#[test]
fn weight_gradient_is_its_twin_over_odd_shapes() {
    let spec = OptimizerSpec { beta1: 0.0, weight_decay: 0.0, ..adam() };
    for [batch, inputs, outputs] in shapes() {
        let (x, dy) = (numbers(6, batch * inputs), numbers(7, batch * outputs));
        let mut expected = linear::weight_gradient(&wide(&x), &wide(&dy), inputs, outputs);
        expected.extend(linear::bias_gradient(&wide(&dy), outputs));
        let (input, delta) = (grid(batch, inputs, &x), grid(batch, outputs, &dy));
        let config = MlpConfig { inputs, hidden: vec![], outputs, ..Default::default() };
        for level in Level::available() {
            let mut weights =
                Weights::new(&Layout::new(&config), &numbers(8, (inputs + 1) * outputs), Keeps::default());
            let (layer, then) = (&weights.layers[0], Then::Adam(AdamStep::new(&spec, None, 1e-3, 1)));
            level.run(Update { layer, input: &input, delta: &delta, batch, rows: 0..inputs + 1, then });
            let state = weights.save();
            let first = state.vector(crate::TrainState::FIRST_MOMENT, expected.len()).unwrap();
            let what = format!("{level:?} {batch} x {inputs} x {outputs}");
            assert_close(&what, first, &expected, |_| sum_tolerance(batch));
        }
    }
}

/// One sample with the single input 1: the weight's gradient is delta itself, to the bit.
#[test]
fn adam_from_one_identical_gradient_is_its_twin() {
    for decoupled in [false, true] {
        let spec = OptimizerSpec { decoupled, ..adam() };
        let rule = Rule {
            learning_rate: f64::from(2e-3f32),
            beta1: f64::from(spec.beta1),
            beta2: f64::from(spec.beta2),
            epsilon: f64::from(spec.epsilon),
            weight_decay: f64::from(spec.weight_decay),
            decoupled,
        };
        for level in Level::available() {
            let w = numbers(1, 64);
            let mut moments: Vec<_> = wide(&w).into_iter().map(|w| Moments { w, m: 0.0, v: 0.0 }).collect();
            let config = MlpConfig { inputs: 1, hidden: vec![], outputs: 32, ..Default::default() };
            let mut weights = Weights::new(&Layout::new(&config), &w, Keeps::default());
            for time in 1..=3 {
                let g: Vec<f32> = numbers(10 + time, 32).iter().map(|g| g * 1e-2).collect();
                let (input, delta) = (grid(1, 1, &[1.0]), grid(1, 32, &g));
                let step = AdamStep::new(&spec, None, 2e-3, u64::from(time));
                let (layer, then) = (&weights.layers[0], Then::Adam(step));
                level.run(Update { layer, input: &input, delta: &delta, batch: 1, rows: 0..2, then });
                for (at, moments) in moments.iter_mut().enumerate() {
                    *moments = fude_kernels::adam::step(&rule, *moments, f64::from(g[at % 32]), time as i32);
                }
            }
            let state = weights.save();
            let tensor = |name| state.vector(name, 64).unwrap();
            let column = |f: fn(&Moments) -> f64| moments.iter().map(f).collect::<Vec<_>>();
            let (ws, ms, vs) = (column(|x| x.w), column(|x| x.m), column(|x| x.v));
            assert_close("w", tensor("parameters"), &ws, |i| 1e-6 * ws[i].abs() + 1e-8);
            assert_close("m", tensor("adam.m"), &ms, |i| 1e-6 * ms[i].abs() + 1e-9);
            assert_close("v", tensor("adam.v"), &vs, |i| 1e-6 * vs[i].abs() + 1e-12);
        }
    }
}

#[test]
fn a_residual_connection_adds_its_input_and_on_the_way_back_its_output_s_gradient() {
    for [batch, units, outputs] in shapes() {
        let (dy, weight) = (numbers(3, batch * outputs), numbers(4, units * outputs));
        let (slope, given) = (numbers(5, batch * units), numbers(6, batch * units));
        let product = linear::input_gradient(&wide(&dy), &wide(&weight), outputs);
        let transposed: Vec<f32> = (0..outputs).flat_map(|o| weight.iter().skip(o).step_by(outputs)).copied().collect();
        let (delta_out, transposed) = (&grid(batch, outputs, &dy), &grid(outputs, units, &transposed));
        for (level, adds) in Level::available().into_iter().flat_map(|level| [(level, true), (level, false)]) {
            let (mut delta_in, mut whole) = (grid(batch, units, &slope), grid(batch, units, &given));
            let (delta, g) = (&delta_in, &whole);
            level.run(ResidualGradient { delta_out, transposed, delta_in: delta, whole: g, adds, rows: 0..batch });
            let before = |index: usize| if adds { f64::from(given[index]) } else { 0.0 };
            let gradient: Vec<f64> = product.iter().enumerate().map(|(index, sum)| sum + before(index)).collect();
            let expected: Vec<f64> = gradient.iter().zip(&slope).map(|(g, &slope)| g * f64::from(slope)).collect();
            let what = format!("{level:?} {batch} x {units} x {outputs}, adds {adds}");
            assert_close(&what, &values(&mut whole), &gradient, |_| sum_tolerance(outputs + 1));
            assert_close(&what, &values(&mut delta_in), &expected, |_| sum_tolerance(outputs + 1));

            let (input, mut output) = (grid(batch, units, &given), grid(batch, units, &slope));
            level.run(AddInput { input: &input, output: &output, rows: 0..batch });
            let sums: Vec<f64> = given.iter().zip(&slope).map(|(a, b)| f64::from(a + b)).collect();
            assert_close(&what, &values(&mut output), &sums, |_| 0.0);
        }
    }
}

#[test]
fn masks_are_those_that_every_engine_draws() {
    for (units, rows) in [(1, 5), (2, 3), (15, 9), (16, 4), (17, 8), (127, 5), (128, 16), (129, 3), (1000, 2)] {
        let expected = dropout::mask(3, 1, 2, 1, rows * units, 0.3);
        for level in Level::available() {
            let mut mask = Grid::spread(rows, units);
            let dropping = Dropping { seed: 3, epoch: 1, step: 2, layer: 1, p: 0.3 };
            level.run(Masks { dropping, mask: &mask, rows: 0..rows / 2 });
            level.run(Masks { dropping, mask: &mask, rows: rows / 2..rows });
            assert_close(&format!("{level:?} {units}"), &values(&mut mask), &expected, |_| 1e-7);
        }
    }
}

#[test]
fn activations_and_slopes_are_good_to_a_millionth() {
    let z: Vec<f32> = (0..48_001).map(|i| (i - 24_000) as f32 / 1000.0).collect();
    for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
        let expected: Vec<f64> = z.iter().map(|&z| activation::value(activation, f64::from(z))).collect();
        let slopes: Vec<f64> = z.iter().map(|&z| activation::derivative(activation, f64::from(z)) * 0.5).collect();
        for level in Level::available() {
            let (mut output, mut slope) = (grid(1, z.len(), &z), grid(1, z.len(), &vec![0.5; z.len()]));
            let (o, s) = (&output, &slope);
            level.run(Activate { activation, output: o, slope: s, dropout: true, rows: 0..1 });
            let halves: Vec<f64> = expected.iter().map(|y| y / 2.0).collect();
            let what = format!("{level:?} {activation:?}");
            assert_close(&what, &values(&mut output), &halves, |i| 3e-7 * (1.0 + halves[i].abs()));
            assert_close(&what, &values(&mut slope), &slopes, |_| 1e-6);
        }
    }
}

#[test]
fn a_nan_passes_through_every_activation() {
    for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
        for level in Level::available() {
            let (mut output, slope) = (grid(1, 1, &[f32::NAN]), Grid::spread(1, 1));
            level.run(Activate { activation, output: &output, slope: &slope, dropout: false, rows: 0..1 });
            assert!(values(&mut output)[0].is_nan(), "{activation:?} at {level:?}");
        }
    }
}

#[test]
fn rows_are_normalised_and_their_gradient_goes_back_as_in_the_twin() {
    for units in SIZES {
        let rows = 5;
        let (z, d) = (numbers(3, rows * units), numbers(4, rows * units));
        let expected = normalize::forward(&wide(&z), units);
        let expected_gradient = normalize::gradient(&wide(&d), &wide(&z), units);
        for level in Level::available() {
            let (mut x, mut delta) = (grid(rows, units, &z), grid(rows, units, &d));
            let (mut kept, inverses) = (Grid::spread(rows, units), Grid::new(rows, 1));
            level.run(Normalize { z: &x, kept: Some((&kept, &inverses)), rows: 0..rows });
            level.run(NormalizeGradient { delta: &delta, x: &kept, inverses: &inverses, rows: 0..rows });
            let what = format!("{level:?}, {units} units");
            assert_eq!(values(&mut x), values(&mut kept), "{what}");
            assert_close(&what, &values(&mut x), &expected, |i| 2e-6 * (1.0 + expected[i].abs()));
            // One or two units are all but constant after normalisation: their gradient is a difference of equals
            // over a small standard deviation.
            let tolerance = if units < 3 { 1e-2 } else { 2e-5 };
            assert_close(&what, &values(&mut delta), &expected_gradient, |i| {
                tolerance * (1.0 + expected_gradient[i].abs())
            });
        }
    }
}
