//! Where everything lies in the GPU's buffers.
//!
//! All matrices lie in rows of whole quads (`vec4<f32>`), padded with zeros that stay zeros. A layer's input has one
//! column more than units, which is always 1, so that the bias is row I of the layer's weights.

use fude_model::Layout;

/// One layer; offsets in quads, within one model's part of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// I.
    pub(super) inputs: usize,
    /// O.
    pub(super) outputs: usize,
    /// `ceil((I + 1) / 4)`.
    pub(super) input_quads: usize,
    /// `ceil(O / 4)`.
    pub(super) output_quads: usize,
    /// `ceil(I / 4)`.
    pub(super) back_quads: usize,
    /// W, `[4 input_quads, output_quads]`.
    pub(super) weight: usize,
    /// W^T, `[4 output_quads, back_quads]`; nothing for the first layer, whose input gradient nobody needs.
    pub(super) transposed: usize,
    /// Offset of W in the flat parameter vector.
    flat: usize,
}

/// All layers of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) layers: Vec<Place>,
    /// Quads of a model's weights.
    pub(super) weights: usize,
    /// Quads of a model's transposed weights.
    pub(super) transposed: usize,
    /// P.
    pub(super) parameters: usize,
}

impl Places {
    pub(super) fn new(layout: &Layout) -> Self {
        let (mut weights, mut transposed) = (0, 0);
        let mut layers = Vec::with_capacity(layout.layers.len());
        for (index, layer) in layout.layers.iter().enumerate() {
            let place = Place {
                inputs: layer.inputs,
                outputs: layer.outputs,
                input_quads: (layer.inputs + 1).div_ceil(4),
                output_quads: layer.outputs.div_ceil(4),
                back_quads: layer.inputs.div_ceil(4),
                weight: weights,
                transposed,
                flat: layer.offset,
            };
            weights += 4 * place.input_quads * place.output_quads;
            if index > 0 {
                transposed += 4 * place.output_quads * place.back_quads;
            }
            layers.push(place);
        }
        Self { layers, weights, transposed, parameters: layout.parameters() }
    }

    /// u32 words of a packed image with its 1.
    pub(super) fn words(&self) -> usize {
        self.layers[0].input_quads
    }

    /// A model's part of a weights buffer, from the flat vector `[P]`.
    pub(super) fn pad(&self, flat: &[f32]) -> Vec<f32> {
        let mut padded = vec![0.0; 4 * self.weights];
        for place in &self.layers {
            for i in 0..=place.inputs {
                let from = place.flat + i * place.outputs;
                let to = 4 * (place.weight + i * place.output_quads);
                padded[to..to + place.outputs].copy_from_slice(&flat[from..from + place.outputs]);
            }
        }
        padded
    }

    /// The flat vector `[P]`, from a model's part of a weights buffer.
    pub(super) fn unpad(&self, padded: &[f32]) -> Vec<f32> {
        let mut flat = vec![0.0; self.parameters];
        for place in &self.layers {
            for i in 0..=place.inputs {
                let to = place.flat + i * place.outputs;
                let from = 4 * (place.weight + i * place.output_quads);
                flat[to..to + place.outputs].copy_from_slice(&padded[from..from + place.outputs]);
            }
        }
        flat
    }

    /// A model's part of the transposed weights, from the flat vector `[P]`.
    pub(super) fn transpose(&self, flat: &[f32]) -> Vec<f32> {
        let mut transposed = vec![0.0; 4 * self.transposed];
        for place in self.layers.iter().skip(1) {
            for o in 0..place.outputs {
                let to = 4 * (place.transposed + o * place.back_quads);
                for i in 0..place.inputs {
                    transposed[to + i] = flat[place.flat + i * place.outputs + o];
                }
            }
        }
        transposed
    }
}

/// Where a batch's activations and gradients lie; offsets in quads, within one model's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// B at most.
    pub(super) batch: usize,
    /// Input of each layer, `[B, input_quads]`; the first layer's is empty where it is read from bytes.
    pub(super) inputs: Vec<usize>,
    /// Normalised linear output of each hidden layer, `[B, output_quads + 1]`, where the model normalises; the last quad
    /// of a row holds `1 / sqrt(var + eps)`. Behind the inputs, in the same buffer.
    pub(super) normalized: Vec<usize>,
    /// Gradient of each layer's linear output, `[B, output_quads]`.
    pub(super) deltas: Vec<usize>,
    /// Quads of a model's inputs.
    pub(super) input_stride: usize,
    /// Quads of a model's deltas.
    pub(super) delta_stride: usize,
}

impl Rows {
    pub(super) fn new(places: &Places, batch: usize, normalizes: bool, floats: bool) -> Self {
        let hidden = places.layers.len() - 1;
        let input_quads =
            |(index, place): (usize, &Place)| if index == 0 && !floats { 0 } else { batch * place.input_quads };
        let (inputs, end) = offsets(0, places.layers.iter().enumerate().map(input_quads));
        let normalized_quads = |(index, place): (usize, &Place)| {
            if normalizes && index < hidden { batch * (place.output_quads + 1) } else { 0 }
        };
        let (normalized, input_stride) = offsets(end, places.layers.iter().enumerate().map(normalized_quads));
        let (deltas, delta_stride) = offsets(0, places.layers.iter().map(|place| batch * place.output_quads));
        Self { batch, inputs, normalized, deltas, input_stride, delta_stride }
    }
}

/// Where parts of these sizes begin, one after the other from `start` on, and where the last one ends.
fn offsets(start: usize, sizes: impl Iterator<Item = usize>) -> (Vec<usize>, usize) {
    let mut end = start;
    let mut all = Vec::new();
    for size in sizes {
        all.push(end);
        end += size;
    }
    (all, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{MlpConfig, initialise};

    fn config() -> MlpConfig {
        MlpConfig { inputs: 6, hidden: vec![8, 3], outputs: 5, ..Default::default() }
    }

    #[test]
    fn padding_and_back_is_the_same() {
        let parameters = initialise(&config(), 1);
        let places = Places::new(&parameters.layout);
        let padded = places.pad(&parameters.values);
        assert_eq!(places.unpad(&padded), parameters.values);
        assert_eq!(padded.iter().filter(|&&w| w != 0.0).count(), parameters.values.len());
        let second = &places.layers[1];
        // The bias is the row after the weights.
        assert_eq!(padded[4 * (second.weight + 8 * second.output_quads) + 2], parameters.bias(1)[2]);
        assert_eq!(places.transpose(&parameters.values)[4 * (second.transposed + 2 * second.back_quads) + 7], {
            parameters.weight(1)[7 * 3 + 2]
        });
    }

    #[test]
    fn layers_lie_one_after_the_other() {
        let places = Places::new(&config().layout());
        let quads: Vec<_> = places.layers.iter().map(|l| (l.input_quads, l.output_quads, l.back_quads)).collect();
        assert_eq!(quads, [(2, 2, 2), (3, 1, 2), (1, 2, 1)]);
        assert_eq!(places.weights, 16 + 12 + 8);
        let rows = Rows::new(&places, 10, false, false);
        assert_eq!((rows.inputs, rows.deltas), (vec![0, 0, 30], vec![0, 20, 30]));
        assert_eq!((rows.input_stride, rows.delta_stride), (40, 50));
        let rows = Rows::new(&places, 10, true, false);
        assert_eq!((rows.normalized, rows.input_stride), (vec![40, 70, 90], 90));
        assert_eq!(Rows::new(&places, 10, false, true).inputs, [0, 20, 50]);
    }
}
