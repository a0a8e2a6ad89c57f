//! Initial values: PyTorch's `nn.Linear` default, drawn so that every engine and device starts equal.

use crate::{MlpConfig, Parameters};
use fude_random::{Stream, uniform};

/// U(-1/sqrt(inputs), 1/sqrt(inputs)) for weights and biases (Kaiming uniform with a = sqrt(5), as PyTorch has it).
///
/// Element `e` of layer `l`, weights first and biases after them, is lane `e % 4` of Philox at counter `(l, e / 4, 0, 0)`.
pub fn initialise(config: &MlpConfig, seed: u32) -> Parameters {
    let layout = config.layout();
    let mut values = Vec::with_capacity(layout.parameters());
    for (index, layer) in layout.layers.iter().enumerate() {
        let bound = (1.0 / (layer.inputs as f64).sqrt()) as f32;
        let blocks = layer.parameters().div_ceil(4) as u32;
        let words = (0..blocks).flat_map(|block| Stream::Initialisation.block(seed, [index as u32, block, 0, 0]));
        values.extend(words.take(layer.parameters()).map(|word| (2.0 * uniform(word) - 1.0) * bound));
    }
    Parameters { layout, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_their_range_and_depend_on_the_seed_alone() {
        let config = MlpConfig::default();
        let parameters = initialise(&config, 1);
        assert_eq!(parameters, initialise(&config, 1));
        assert_ne!(parameters.values, initialise(&config, 2).values);
        let bound = 1.0 / 28.0;
        let weight = parameters.weight(0);
        assert!(weight.iter().all(|w| w.abs() <= bound));
        let mean = weight.iter().sum::<f32>() / weight.len() as f32;
        let variance = weight.iter().map(|w| w * w).sum::<f32>() / weight.len() as f32;
        assert!(mean.abs() < 3e-4, "mean {mean}");
        assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.02, "variance {variance}");
    }
}
