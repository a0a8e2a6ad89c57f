//! The evaluation's logits, against the twin of the whole model.

use super::bounds::sum_tolerance;
use super::close::{Expected, Ledger, wide};
use super::stage::Stage;
use crate::fused::gpu::schedule::Work;
use crate::{Engine, EngineError, View};
use fude_kernels::reference;

/// The evaluation's logits of every image, by each model's weights after the step.
pub(super) fn logits(stage: &mut Stage, ledger: &mut Ledger) -> Result<(), EngineError> {
    let config = stage.case.model.clone();
    let (factor, term) = config.input.of_bytes();
    let pixels: Vec<f64> =
        stage.images.pixels.iter().map(|&byte| f64::from(byte) * f64::from(factor) + f64::from(term)).collect();
    for model in 0..stage.case.models {
        let padded = stage.floats("weights")?;
        let quads = stage.engine.weights.places.weights;
        let of_model: Vec<f32> = padded[4 * quads * model..][..4 * quads].iter().map(|&w| w as f32).collect();
        let flat = wide(&stage.engine.weights.places.unpad(&of_model));
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
        ledger.compare(Work::Logits.name(), &what, &wide(&got.values), &expected);
    }
    Ok(())
}

/// The same model with relu, which gives sums of sizes where inputs and weights are not negative.
fn positive(config: &fude_model::MlpConfig) -> fude_model::MlpConfig {
    fude_model::MlpConfig { activation: fude_model::Activation::Relu, dropout: 0.0, ..config.clone() }
}
