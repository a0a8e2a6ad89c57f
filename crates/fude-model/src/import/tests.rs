//! Files as other programs write them.

use super::*;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

/// A file of f32 tensors, each value its own place in the file.
fn file(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    typed(tensors, Dtype::F32, 4, |value| value.to_le_bytes().to_vec())
}

fn typed(tensors: &[(&str, &[usize])], dtype: Dtype, size: usize, encode: fn(f32) -> Vec<u8>) -> Vec<u8> {
    let mut next = 0.0;
    let mut content = Vec::new();
    for (_, shape) in tensors {
        let mut bytes = Vec::with_capacity(shape.iter().product::<usize>() * size);
        for _ in 0..shape.iter().product() {
            bytes.extend(encode(next));
            next += 1.0;
        }
        content.push(bytes);
    }
    let views = tensors.iter().zip(&content).map(|((name, shape), bytes)| {
        (*name, TensorView::new(dtype, shape.to_vec(), bytes).expect("a shape that fits"))
    });
    safetensors::serialize(views, None).expect("a file")
}

fn hidden(widths: &[usize]) -> ImportOptions {
    ImportOptions { hidden: Some(widths.to_vec()), ..Default::default() }
}

fn error(tensors: &[(&str, &[usize])], options: &ImportOptions) -> String {
    import(&file(tensors), options).unwrap_err().to_string()
}

#[test]
fn what_fude_wrote_comes_back() {
    let config =
        MlpConfig { inputs: 6, hidden: vec![4, 3], outputs: 2, activation: Activation::Tanh, ..Default::default() };
    let parameters = crate::initialise(&config, 9);
    let model = ModelFile { config, parameters, metadata: BTreeMap::new() };
    let imported = import(&model.to_bytes().unwrap(), &hidden(&[4, 3])).unwrap();
    assert_eq!((imported.model, imported.names.join(" ")), (model, "fc1 fc2 fc3".into()));
}

#[test]
fn residual_connections_come_with_the_metadata_or_by_the_user_s_word() {
    let tensors: [(&str, &[usize]); 3] = [("0.weight", &[4, 6]), ("1.weight", &[4, 4]), ("2.weight", &[2, 4])];
    let bytes = file(&tensors);
    let asked = ImportOptions { residual: true, ..hidden(&[4, 4]) };
    assert!(!import(&bytes, &hidden(&[4, 4])).unwrap().model.config.residual);
    let model = import(&bytes, &asked).unwrap().model;
    assert!(model.config.residual);
    assert_eq!(import(&model.to_bytes().unwrap(), &ImportOptions::default()).unwrap().model, model);
    let other: [(&str, &[usize]); 3] = [("0.weight", &[4, 6]), ("1.weight", &[3, 4]), ("2.weight", &[2, 3])];
    let message = error(&other, &ImportOptions { residual: true, ..Default::default() });
    assert!(message.starts_with("model.residual: expected two neighbouring hidden layers of one width"), "{message}");
}

#[test]
fn a_sequential_is_recognised_and_its_numbers_count_as_numbers() {
    let tensors: [(&str, &[usize]); 6] = [
        ("net.10.bias", &[2]),
        ("net.10.weight", &[2, 3]),
        ("net.0.bias", &[4]),
        ("net.0.weight", &[4, 6]),
        ("net.2.bias", &[3]),
        ("net.2.weight", &[3, 4]),
    ];
    for options in [hidden(&[4, 3]), ImportOptions::default()] {
        let imported = import(&file(&tensors), &options).unwrap();
        assert_eq!(imported.names, ["net.0", "net.2", "net.10"]);
        assert_eq!(imported.model.config.shape(), "6-4-3-2");
        // PyTorch's [out, in]: the first unit's second weight is fude's second row's first.
        let weight = imported.model.parameters.weight(2);
        assert_eq!(weight[2], weight[0] + 1.0);
    }
}

#[test]
fn names_without_an_order_are_ordered_by_shape() {
    let tensors: [(&str, &[usize]); 3] =
        [("head.weight", &[2, 4]), ("middle.weight", &[4, 4]), ("stem.weight", &[4, 6])];
    let imported = import(&file(&tensors), &hidden(&[4, 4])).unwrap();
    assert_eq!(imported.names, ["stem", "middle", "head"]);
    assert_eq!(imported.notes, ["no layer has a bias: they are 0"]);
    assert!(imported.model.parameters.bias(0).iter().all(|&bias| bias == 0.0));
}

#[test]
fn half_bfloat_and_double_become_f32() {
    let tensors: [(&str, &[usize]); 2] = [("0.weight", &[2, 3]), ("0.bias", &[2])];
    let expected = import(&file(&tensors), &hidden(&[])).unwrap();
    type Encode = fn(f32) -> Vec<u8>;
    let encodings: [(Dtype, usize, Encode); 3] = [
        (Dtype::F16, 2, |x| half::f16::from_f32(x).to_le_bytes().to_vec()),
        (Dtype::BF16, 2, |x| half::bf16::from_f32(x).to_le_bytes().to_vec()),
        (Dtype::F64, 8, |x| f64::from(x).to_le_bytes().to_vec()),
    ];
    for (dtype, size, encode) in encodings {
        let imported = import(&typed(&tensors, dtype, size, encode), &hidden(&[])).unwrap();
        assert_eq!(imported.model.parameters, expected.model.parameters, "{dtype:?}");
        assert_eq!(imported.notes.len(), usize::from(dtype == Dtype::F64), "{dtype:?}: {:?}", imported.notes);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let net: [(&str, &[usize]); 4] = [("0.weight", &[4, 6]), ("0.bias", &[4]), ("2.weight", &[2, 4]), ("2.bias", &[2])];
    assert_eq!(
        error(&net, &hidden(&[5])),
        "expected 2 Linear layers [5, in], [out, 5]; found 2: 0.weight [4, 6], 2.weight [2, 4]"
    );
    assert!(error(&net, &hidden(&[4, 4])).starts_with("expected 3 Linear layers [4, in], [4, 4], [out, 4]; found 2"));
    assert_eq!(
        error(&net[..3], &hidden(&[4])),
        "tensor 2.bias is missing: expected 2 values, as other layers have a bias"
    );
    let extra = [&net[..], &[("1.running_mean", &[4])]].concat();
    assert!(error(&extra, &hidden(&[4])).starts_with("tensors of no Linear layer: 1.running_mean [4]; an MLP is"));
    let short = [&net[..3], &[("2.bias", &[3])]].concat();
    assert_eq!(error(&short, &hidden(&[4])), "tensor 2.bias: expected shape [2], found [3]");
    assert_eq!(
        error(&[("conv.weight", &[4, 1, 3, 3])], &hidden(&[4])),
        "no Linear layer: expected tensors such as fc1.weight [out, in], found conv.weight [4, 1, 3, 3]"
    );
    let broken: [(&str, &[usize]); 2] = [("0.weight", &[4, 6]), ("1.weight", &[2, 5])];
    assert_eq!(
        error(&broken, &ImportOptions::default()),
        "tensor 1.weight: expected shape [out, 4], after 0.weight, found [2, 5]"
    );
}

#[test]
fn weights_that_lie_the_other_way_are_told_apart() {
    let keras: [(&str, &[usize]); 2] = [("a.weight", &[6, 4]), ("b.weight", &[4, 2])];
    assert!(error(&keras, &hidden(&[4])).ends_with("They are [in, out]: transpose them, PyTorch's are [out, in]"));
}

#[test]
fn integers_and_what_is_no_number_are_refused() {
    let tensors: [(&str, &[usize]); 1] = [("0.weight", &[2, 3])];
    let integers = typed(&tensors, Dtype::I32, 4, |x| (x as i32).to_le_bytes().to_vec());
    let message = import(&integers, &hidden(&[])).unwrap_err().to_string();
    assert_eq!(message, "tensor 0.weight: expected numbers of type F32, F16, BF16 or F64, found I32");
    let infinite = typed(&tensors, Dtype::F64, 8, |x| (f64::from(x) * 1e39).to_le_bytes().to_vec());
    let message = import(&infinite, &hidden(&[])).unwrap_err().to_string();
    assert_eq!(message, "tensor 0.weight: value 1 is inf as f32");
}

#[test]
fn a_model_outside_of_fudes_ranges_is_refused() {
    let message = error(&[("0.weight", &[1, 3])], &hidden(&[]));
    assert_eq!(message, "model.outputs: expected 2 to 256 classes, found 1");
}

proptest! {
    #[test]
    fn mutated_bytes_never_panic(position in 0usize..600, value: u8, cut in 0usize..600) {
        let mut bytes = file(&[("0.weight", &[4, 6]), ("0.bias", &[4]), ("2.weight", &[2, 4]), ("2.bias", &[2])]);
        let position = position % bytes.len();
        bytes[position] = value;
        bytes.truncate(bytes.len() - cut % bytes.len());
        if let Ok(imported) = import(&bytes, &hidden(&[4])) {
            // f64 needs twice the bytes of what is kept, f16 half of it.
            prop_assert!(imported.model.parameters.values.capacity() * 4 <= 4 * bytes.len());
        }
    }

    #[test]
    fn any_names_are_ordered_or_refused(names in proptest::collection::vec("[a-z0-9.]{0,8}", 1..6), width in 1usize..4) {
        let shape = [width, width];
        let mut tensors: Vec<(String, &[usize])> = names.iter().map(|n| (format!("{n}.weight"), &shape[..])).collect();
        tensors.sort();
        tensors.dedup();
        let named: Vec<(&str, &[usize])> = tensors.iter().map(|(name, shape)| (name.as_str(), *shape)).collect();
        let layers = named.len() - 1;
        let result = import(&file(&named), &hidden(&vec![width; layers]));
        prop_assert_eq!(result.is_ok(), width >= 2, "{:?}", result);
    }
}
