//! An MLP as ONNX operators.

use super::messages::{
    ATTRIBUTE_FLOAT, ATTRIBUTE_INT, Attribute, Dimension, Extent, FLOAT, Graph, Node, Shape, Tensor, TensorType, Type,
    ValueInfo,
};
use crate::tensors::{bytes_of, transposed};
use crate::{Activation, InputScale, Layer, ModelFile, Normalization};

/// The graph's input: `[N, I]` f32.
const INPUT: &str = "images";
/// Its output: `[N, O]` f32.
const OUTPUT: &str = "logits";

/// `Gemm -> normalisation -> activation` for each hidden layer, with an `Add` of its input where the model has residual
/// connections, then `Gemm` to the logits; weights keep PyTorch's names and `[out, in]`.
pub(super) fn graph(model: &ModelFile) -> Graph {
    let mut builder = Builder::default();
    let layers = &model.parameters.layout.layers;
    let mut value = builder.standardised(model.config.input);
    for (index, layer) in layers.iter().enumerate() {
        let last = index + 1 == layers.len();
        let name = if last { OUTPUT.to_owned() } else { layer.name.clone() };
        builder.gemm(model, index, layer, value.clone(), &name);
        if last {
            break;
        }
        let normalised = builder.normalised(model.config.normalization, layer, name);
        let activated = builder.activation(model.config.activation, index, normalised);
        value = match model.config.adds_input(index) {
            true => builder.sum(index, value, activated),
            false => activated,
        };
    }
    let (inputs, outputs) = (model.config.inputs, model.config.outputs);
    Graph {
        node: builder.nodes,
        name: format!("mlp-{}", model.config.shape()),
        initializer: builder.constants,
        input: vec![matrix(INPUT, inputs, super::INPUT_MEANING)],
        output: vec![matrix(OUTPUT, outputs, "a logit a class; softmax gives probabilities")],
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    constants: Vec<Tensor>,
}

impl Builder {
    /// `(images - mean) / std`, or the images as they are; returns the name of the value.
    fn standardised(&mut self, input: InputScale) -> String {
        if input == InputScale::default() {
            return INPUT.to_owned();
        }
        self.constant("input.mean", &[], &[input.mean as f32]);
        self.constant("input.std", &[], &[input.std as f32]);
        self.node("Sub", "centred", vec![INPUT.to_owned(), "input.mean".to_owned()], "centred");
        self.node("Div", "standardised", vec!["centred".to_owned(), "input.std".to_owned()], "standardised");
        "standardised".to_owned()
    }

    /// A hidden layer's linear output, normalised where the model does so; returns the name of the value.
    fn normalised(&mut self, normalization: Normalization, layer: &Layer, input: String) -> String {
        if normalization == Normalization::None {
            return input;
        }
        // ONNX's operator wants a gain.
        let (gain, output) = (format!("{}.gain", layer.name), format!("{}.normalised", layer.name));
        self.constant(&gain, &[layer.outputs], &vec![1.0; layer.outputs]);
        self.node("LayerNormalization", &output, vec![input, gain], &output);
        self.attribute(Attribute { name: "axis".into(), i: -1, r#type: ATTRIBUTE_INT, f: 0.0 });
        let f = Normalization::EPSILON;
        self.attribute(Attribute { name: "epsilon".into(), f, r#type: ATTRIBUTE_FLOAT, i: 0 });
        output
    }

    /// `output = input W^T + b`.
    fn gemm(&mut self, model: &ModelFile, index: usize, layer: &Layer, input: String, output: &str) {
        let (weight, bias) = (format!("{}.weight", layer.name), format!("{}.bias", layer.name));
        let values = transposed(model.parameters.weight(index), layer.inputs, layer.outputs);
        self.constant(&weight, &[layer.outputs, layer.inputs], &values);
        self.constant(&bias, &[layer.outputs], model.parameters.bias(index));
        self.node("Gemm", &layer.name, vec![input, weight, bias], output);
        self.attribute(Attribute { name: "transB".into(), i: 1, r#type: ATTRIBUTE_INT, f: 0.0 });
    }

    /// Adds to the newest node.
    fn attribute(&mut self, attribute: Attribute) {
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(attribute);
        }
    }

    /// The activation of hidden layer `index`; returns the name of its output.
    fn activation(&mut self, activation: Activation, index: usize, input: String) -> String {
        let output = format!("act{}", index + 1);
        match activation {
            Activation::Relu => self.node("Relu", &output, vec![input], &output),
            Activation::Tanh => self.node("Tanh", &output, vec![input], &output),
            Activation::Gelu => self.gelu(input, &output),
        }
        output
    }

    /// A residual connection around hidden layer `index`; returns the name of its output.
    fn sum(&mut self, index: usize, input: String, activated: String) -> String {
        let output = format!("sum{}", index + 1);
        self.node("Add", &output, vec![input, activated], &output);
        output
    }

    /// `x/2 * (1 + erf(x / sqrt(2)))`, in operators that opset 17 has; it got one of its own with 20.
    fn gelu(&mut self, x: String, output: &str) {
        let constants = [("gelu.half", 0.5), ("gelu.one", 1.0), ("gelu.sqrt_half", std::f32::consts::FRAC_1_SQRT_2)];
        if self.constants.iter().all(|constant| constant.name != constants[0].0) {
            constants.iter().for_each(|(name, value)| self.constant(name, &[], &[*value]));
        }
        let [half, one, sqrt_half] = constants.map(|(name, _)| name.to_owned());
        let [scaled, erf, integral, halved] = ["scaled", "erf", "integral", "halved"].map(|n| format!("{output}.{n}"));
        self.node("Mul", &scaled, vec![x.clone(), sqrt_half], &scaled);
        self.node("Erf", &erf, vec![scaled.clone()], &erf);
        self.node("Add", &integral, vec![erf.clone(), one], &integral);
        self.node("Mul", &halved, vec![x, half], &halved);
        self.node("Mul", output, vec![halved.clone(), integral.clone()], output);
    }

    fn node(&mut self, operator: &str, name: &str, input: Vec<String>, output: &str) {
        let (op_type, output) = (operator.to_owned(), vec![output.to_owned()]);
        self.nodes.push(Node { input, output, name: name.to_owned(), op_type, attribute: Vec::new() });
    }

    fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let dims = shape.iter().map(|&axis| axis as i64).collect();
        self.constants.push(Tensor { dims, data_type: FLOAT, name: name.to_owned(), raw_data: bytes_of(values) });
    }
}

/// The type `[N, columns]` of f32, N as long as it comes.
fn matrix(name: &str, columns: usize, meaning: &str) -> ValueInfo {
    let axis = |extent| Dimension { extent: Some(extent) };
    let shape = Shape { dim: vec![axis(Extent::Param("N".into())), axis(Extent::Value(columns as i64))] };
    let tensor = TensorType { elem_type: FLOAT, shape: Some(shape) };
    let r#type = Some(Type { tensor_type: Some(tensor) });
    ValueInfo { name: name.to_owned(), r#type, doc_string: meaning.to_owned() }
}
