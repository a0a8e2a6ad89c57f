//! Where each parameter lies: one flat vector for a model, the same in every engine.

use crate::MlpConfig;
use std::ops::Range;

/// One linear layer, `y = x W + b` with `W: [inputs, outputs]`, `b: [outputs]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// `fc1`, `fc2`, ...: PyTorch's customary names.
    pub name: String,
    /// Rows of W.
    pub inputs: usize,
    /// Columns of W and length of b.
    pub outputs: usize,
    /// Offset of W's first element in the flat vector; b follows W.
    pub offset: usize,
}

impl Layer {
    /// W's elements in the flat vector, row by row: `[inputs, outputs]`.
    pub fn weight(&self) -> Range<usize> {
        self.offset..self.offset + self.inputs * self.outputs
    }

    /// b's elements in the flat vector.
    pub fn bias(&self) -> Range<usize> {
        let start = self.weight().end;
        start..start + self.outputs
    }

    /// How many parameters the layer has.
    pub fn parameters(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }
}

/// The linear layers of a model, first to last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// L layers.
    pub layers: Vec<Layer>,
}

impl Layout {
    /// The layout of a configuration: `fc1.weight, fc1.bias, fc2.weight, ...`.
    pub fn new(config: &MlpConfig) -> Self {
        let mut offset = 0;
        let widths = config.widths();
        let layers = widths
            .windows(2)
            .enumerate()
            .map(|(index, pair)| {
                let layer = Layer { name: format!("fc{}", index + 1), inputs: pair[0], outputs: pair[1], offset };
                offset += layer.parameters();
                layer
            })
            .collect();
        Self { layers }
    }

    /// P, the parameters of the model.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Layer::parameters).sum()
    }
}

/// All parameters of a model, `[P]` in the order of its [`Layout`].
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Where each layer's weights lie.
    pub layout: Layout,
    /// The values, `[P]`.
    pub values: Vec<f32>,
}

impl Parameters {
    /// The weights of layer `index`, `[inputs, outputs]` row by row.
    pub fn weight(&self, index: usize) -> &[f32] {
        &self.values[self.layout.layers[index].weight()]
    }

    /// The biases of layer `index`, `[outputs]`.
    pub fn bias(&self, index: usize) -> &[f32] {
        &self.values[self.layout.layers[index].bias()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_study_networks_have_the_published_parameter_counts() {
        let count = |hidden: &[usize]| -> Vec<usize> {
            let config = MlpConfig { hidden: hidden.to_vec(), ..Default::default() };
            config.layout().layers.iter().map(Layer::parameters).collect()
        };
        assert_eq!(count(&[128]), [100_480, 1_290]);
        assert_eq!(count(&[256, 128, 64]), [200_960, 32_896, 8_256, 650]);
    }

    #[test]
    fn layers_lie_one_after_the_other_without_a_gap() {
        let layout = MlpConfig { hidden: vec![3, 5], ..Default::default() }.layout();
        let mut end = 0;
        for layer in &layout.layers {
            assert_eq!(layer.weight().start, end);
            assert_eq!(layer.bias().start, layer.weight().end);
            end = layer.bias().end;
        }
        assert_eq!(end, layout.parameters());
    }
}
