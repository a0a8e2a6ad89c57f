//! Networks with residual connections, from the experiment to every form that a model takes.

use crate::fixtures::pixels;
use crate::home::Home;

const NETWORK: &str =
    "[model]\nhidden = [16, 16, 16]\nactivation = \"gelu\"\nnormalization = \"layer\"\nresidual = true\n";

/// A home with a trained network, and that under PyTorch's customary names as `net.safetensors`, without metadata.
fn trained() -> Home {
    let home = Home::new();
    home.idx_folder(400, 100);
    home.write("deep.toml", format!("name = \"deep\"\ndataset = \"images\"\ntrain.epochs = 8\ntrain.batch = 32\ntrain.learning_rate = 5e-3\n{NETWORK}"));
    home.fude("train deep.toml").ends_with(0);
    home.fude("export deep --output deep.safetensors").ends_with(0);
    let bytes = std::fs::read(home.path("deep.safetensors")).expect("an export");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("a header");
    let said = header.as_object_mut().expect("an object").remove("__metadata__").expect("metadata");
    assert_eq!(said["residual"], "true");
    header["__metadata__"] = serde_json::json!({ "normalization": "layer" });
    let header = header.to_string().replace("\"fc", "\"net.");
    home.write(
        "net.safetensors",
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes[8 + length..]].concat(),
    );
    home
}

#[test]
fn every_form_of_a_trained_network_answers_as_its_run_does() {
    let home = trained();
    let answers = |model: &str| {
        let json = home.fude(&format!("eval {model} --data images --json")).ends_with(0).json();
        let number = |key: &str| json[key].as_f64().expect("a number");
        (number("accuracy"), number("loss"))
    };
    let expected = answers("deep");
    assert!(expected.0 > 0.5, "it has learned: {expected:?}");
    assert_eq!(answers("deep.safetensors"), expected);

    home.fude("import net.safetensors --activation gelu --output plain.safetensors").ends_with(0);
    let said = home.fude("import net.safetensors --activation gelu --residual").ends_with(0).stdout;
    assert!(said.contains("784-16-16-16-10 with gelu and residual connections"), "{said}");
    assert_eq!(answers("net.fude.safetensors"), expected);
    assert_ne!(answers("plain.safetensors"), expected, "without the connections it is another network");

    let int8 = home.fude("quantize deep --output deep8.safetensors --json").ends_with(0).json();
    assert!(int8["same_class"].as_f64().expect("a share") > 0.95, "{int8}");
    assert!((answers("deep8.safetensors").1 - expected.1).abs() < 0.05);
    home.fude("prune deep --sparsity 0.1 --output pruned.safetensors").ends_with(0);
    assert!((answers("pruned.safetensors").1 - expected.1).abs() < 0.3);
    home.fude("export deep --output deep.onnx").ends_with(0);
    let onnx = std::fs::read(home.path("deep.onnx")).expect("an export");
    assert!(["Add", "sum2", "sum3"].iter().all(|text| onnx.windows(text.len()).any(|w| w == text.as_bytes())));
}

#[test]
fn pictures_check_summary_and_report_know_the_connections() {
    let home = trained();
    std::fs::create_dir(home.path("scans")).expect("a folder");
    image::save_buffer(home.path("scans/a.png"), &pixels(1, 2), 28, 28, image::ExtendedColorType::L8).expect("a PNG");
    home.fude("predict deep scans").ends_with(0);
    for command in ["check deep.toml", "summary deep.toml"] {
        let table = home.fude(command).ends_with(0).stdout;
        assert!(table.contains("+ input of fc2") && table.contains("+ input of fc3"), "{command}: {table}");
        assert!(!table.contains("+ input of fc1"), "{command}: {table}");
    }
    let page = std::fs::read_to_string(home.run("deep").join("report.html")).expect("a report");
    assert!(
        page.contains("784-16-16-16-10, gelu, layer normalisation, residual connections"),
        "the network is described"
    );
    home.fude("train --resume deep --epochs 9").ends_with(0);
    let written = std::fs::read_to_string(home.run("deep").join("experiment.toml")).expect("an experiment");
    assert!(written.contains("residual = true"), "{written}");
}

#[test]
fn a_network_without_two_layers_of_one_width_is_refused_with_the_reason() {
    let home = trained();
    home.fude("train deep.toml --set model.hidden=[32,16]").ends_with(2).says(&[
        "model.residual: expected two neighbouring hidden layers of one width, as a sum needs, or false",
        "found true with hidden = [32, 16]",
    ]);
    home.fude("train deep.toml --set model.residual=false --set name=plain --epochs 1").ends_with(0);
    let written = std::fs::read_to_string(home.run("plain").join("experiment.toml")).expect("an experiment");
    assert!(!written.contains("residual"), "as before there was such a key: {written}");
}
