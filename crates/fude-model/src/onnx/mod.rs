//! Models as ONNX files, for every runtime that reads them.

mod graph;
mod messages;

use crate::ModelFile;
use messages::{Model, OperatorSet, Property};
use prost::Message;

/// Operators as of opset 17, in a file of the IR version that came with it: runtimes from 2022 on read them.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// Protobuf's own limit on a message.
const MAX_BYTES: usize = i32::MAX as usize;

/// What the images' values mean, here and in safetensors files.
pub(crate) const INPUT_MEANING: &str = "grey values / 255, row by row, ink bright on a dark ground";

/// Why a model cannot be an ONNX file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnnxError {
    /// More than one protobuf message may have.
    #[error("too large for one ONNX file: expected at most {MAX_BYTES} bytes, found {found}")]
    TooLarge {
        /// Bytes that it would have.
        found: usize,
    },
}

impl ModelFile {
    /// The bytes of an ONNX file (opset 17): input `images [N, I]` f32 in [0, 1] with N free, output `logits [N, O]`.
    ///
    /// What the file says of the model stands in its `metadata_props`, under the names that safetensors files have.
    ///
    /// # Errors
    /// [`OnnxError::TooLarge`], over 2 GiB.
    pub fn to_onnx(&self) -> Result<Vec<u8>, OnnxError> {
        let bytes = size_of_val(self.parameters.values.as_slice());
        if bytes > MAX_BYTES {
            return Err(OnnxError::TooLarge { found: bytes });
        }
        let model = self.onnx_model();
        match model.encoded_len() {
            found if found > MAX_BYTES => Err(OnnxError::TooLarge { found }),
            _ => Ok(model.encode_to_vec()),
        }
    }

    fn onnx_model(&self) -> Model {
        let (shape, activation) = (self.config.shape(), self.config.activation.name());
        let residual = if self.config.residual { " and residual connections" } else { "" };
        let described = [("activation", activation), ("input", INPUT_MEANING)];
        let described = described.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let properties = self.metadata.clone().into_iter().chain(described);
        Model {
            ir_version: IR_VERSION,
            producer_name: "fude".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            doc_string: format!("A multi-layer perceptron {shape} with {activation}{residual}"),
            graph: Some(graph::graph(self)),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
            metadata_props: properties.map(|(key, value)| Property { key, value }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, InputScale, MlpConfig, Normalization, initialise};
    use messages::{Extent, Graph, ValueInfo};

    fn model(activation: Activation) -> ModelFile {
        let config = MlpConfig { inputs: 6, hidden: vec![4, 3], outputs: 2, activation, ..Default::default() };
        let parameters = initialise(&config, 9);
        ModelFile { config, parameters, metadata: [("classes".to_owned(), "a\nb".to_owned())].into() }
    }

    fn graph(activation: Activation) -> Graph {
        let bytes = model(activation).to_onnx().unwrap();
        Model::decode(bytes.as_slice()).unwrap().graph.unwrap()
    }

    fn operators(graph: &Graph) -> Vec<&str> {
        graph.node.iter().map(|node| node.op_type.as_str()).collect()
    }

    #[test]
    fn a_file_says_which_operators_it_means_and_what_the_model_knows() {
        let bytes = model(Activation::Relu).to_onnx().unwrap();
        let read = Model::decode(bytes.as_slice()).unwrap();
        assert_eq!((read.ir_version, read.opset_import[0].version), (8, 17));
        let value = |key: &str| read.metadata_props.iter().find(|p| p.key == key).map(|p| p.value.as_str());
        assert_eq!((value("classes"), value("activation")), (Some("a\nb"), Some("relu")));
        assert!(value("input").is_some_and(|text| text.contains("255")));
        assert_eq!(bytes, model(Activation::Relu).to_onnx().unwrap(), "equal models are equal files");
    }

    #[test]
    fn the_batch_is_free_and_weights_lie_as_pytorch_has_them() {
        let graph = graph(Activation::Relu);
        let axes = |value: &ValueInfo| {
            let shape = value.r#type.clone().unwrap().tensor_type.unwrap().shape.unwrap();
            shape.dim.into_iter().map(|dim| dim.extent.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(axes(&graph.input[0]), [Extent::Param("N".into()), Extent::Value(6)]);
        assert_eq!(axes(&graph.output[0]), [Extent::Param("N".into()), Extent::Value(2)]);
        let weight = &graph.initializer[0];
        assert_eq!((weight.name.as_str(), weight.dims.as_slice()), ("fc1.weight", &[4, 6][..]));
        // Row 1 of [out, in] is column 1 of fude's [in, out].
        let second = f32::from_le_bytes(weight.raw_data[24..28].try_into().unwrap());
        assert_eq!(second, model(Activation::Relu).parameters.weight(0)[1]);
    }

    #[test]
    fn each_value_is_made_before_it_is_used_and_the_last_is_the_output() {
        for activation in [Activation::Relu, Activation::Gelu, Activation::Tanh] {
            let graph = graph(activation);
            let mut known: Vec<String> = graph.initializer.iter().map(|tensor| tensor.name.clone()).collect();
            known.push("images".into());
            for node in &graph.node {
                assert!(node.input.iter().all(|name| known.contains(name)), "{activation:?}: {node:?}");
                known.extend(node.output.iter().cloned());
            }
            assert_eq!(graph.node.last().unwrap().output, ["logits"]);
            let mut unique = known.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), known.len(), "{activation:?}: a name is used twice");
        }
    }

    #[test]
    fn standardised_inputs_and_normalised_layers_are_operators_too() {
        let mut model = model(Activation::Relu);
        model.config.normalization = Normalization::Layer;
        model.config.input = InputScale { mean: 0.2, std: 0.5 };
        let graph = model.onnx_model().graph.unwrap();
        let hidden = ["Gemm", "LayerNormalization", "Relu"];
        assert_eq!(operators(&graph), [&["Sub", "Div"][..], &hidden, &hidden, &["Gemm"]].concat());
        let epsilon = &graph.node[3].attribute[1];
        assert_eq!((epsilon.name.as_str(), epsilon.f), ("epsilon", 1e-5));
        let gain = graph.initializer.iter().find(|tensor| tensor.name == "fc2.gain").unwrap();
        assert_eq!(gain.raw_data, 1f32.to_le_bytes().repeat(3));
    }

    #[test]
    fn a_residual_connection_adds_a_layer_s_input_to_its_activation() {
        let config =
            MlpConfig { inputs: 4, hidden: vec![4, 4, 4, 3], outputs: 2, residual: true, ..Default::default() };
        let model = ModelFile { parameters: initialise(&config, 9), config, metadata: Default::default() };
        let graph = model.onnx_model().graph.unwrap();
        let (plain, residual) = (["Gemm", "Relu"], ["Gemm", "Relu", "Add"]);
        let expected = [&plain[..], &residual, &residual, &plain, &["Gemm"]].concat();
        assert_eq!(operators(&graph), expected);
        let inputs = |node: usize| graph.node[node].input[..2].to_vec();
        assert_eq!([inputs(4), inputs(7)], [["act1", "act2"], ["sum2", "act3"]]);
        assert_eq!([inputs(5), inputs(8)], [["sum2", "fc3.weight"], ["sum3", "fc4.weight"]]);
    }

    #[test]
    fn gelu_is_the_exact_one() {
        let gelu = ["Mul", "Erf", "Add", "Mul", "Mul"];
        let expected = [&["Gemm"][..], &gelu, &["Gemm"], &gelu, &["Gemm"]].concat();
        assert_eq!(operators(&graph(Activation::Gelu)), expected);
        assert_eq!(operators(&graph(Activation::Tanh)), ["Gemm", "Tanh", "Gemm", "Tanh", "Gemm"]);
    }
}
