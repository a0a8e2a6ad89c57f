//! An MLP as ONNX operators.

use super::messages::{
    ATTRIBUTE_INT, Attribute, Dimension, Extent, FLOAT, Graph, Node, Shape, Tensor, TensorType, Type, ValueInfo,
};
use crate::files::{bytes_of, transposed};
use crate::{Activation, Layer, ModelFile};

/// The graph's input: `[N, I]` f32.
const INPUT: &str = "images";
/// Its output: `[N, O]` f32.
const OUTPUT: &str = "logits";

/// `Gemm -> activation` for each hidden layer, then `Gemm` to the logits; weights keep PyTorch's names and `[out, in]`.
pub(super) fn graph(model: &ModelFile) -> Graph {
    let mut builder = Builder::default();
    let layers = &model.parameters.layout.layers;
    let mut value = INPUT.to_owned();
    for (index, layer) in layers.iter().enumerate() {
        let last = index + 1 == layers.len();
        let name = if last { OUTPUT.to_owned() } else { layer.name.clone() };
        builder.gemm(model, index, layer, value, &name);
        value = if last { name } else { builder.activation(model.config.activation, index, name) };
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
    /// `output = input W^T + b`.
    fn gemm(&mut self, model: &ModelFile, index: usize, layer: &Layer, input: String, output: &str) {
        let (weight, bias) = (format!("{}.weight", layer.name), format!("{}.bias", layer.name));
        let values = transposed(model.parameters.weight(index), layer.inputs, layer.outputs);
        self.constant(&weight, &[layer.outputs, layer.inputs], &values);
        self.constant(&bias, &[layer.outputs], model.parameters.bias(index));
        self.node("Gemm", &layer.name, vec![input, weight, bias], output);
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(Attribute { name: "transB".into(), i: 1, r#type: ATTRIBUTE_INT });
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
