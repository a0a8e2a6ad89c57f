//! Models that leave fude, and models that come to it.

use crate::home::{Home, json_file};

fn trained() -> Home {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home
}

#[test]
fn an_exported_model_evaluates_as_its_run_does() {
    let home = trained();
    let said = home.fude("export small --output small.safetensors").ends_with(0).stdout;
    assert!(said.contains("small.safetensors: 784-16-10 as safetensors, 12730 parameters"), "{said}");
    let run = home.fude("eval small --json").ends_with(0).json();
    let file = home.fude("eval small.safetensors --json").ends_with(0).json();
    for key in ["accuracy", "loss", "samples", "confusion"] {
        assert_eq!(file[key], run[key], "{key}");
    }
    // Also the images that were held out are the same ones.
    let run = home.fude("eval small --split validation --json").ends_with(0).json();
    let file = home.fude("eval small.safetensors --split validation --json").ends_with(0).json();
    assert_eq!(file["loss"], run["loss"]);
}

#[test]
fn an_onnx_file_is_written_and_the_form_is_known_by_the_name() {
    let home = trained();
    let json = home.fude("export small --output small.onnx --json").ends_with(0).json();
    assert_eq!((&json["format"], &json["network"]), (&"onnx".into(), &"784-16-10".into()));
    let bytes = std::fs::read(home.path("small.onnx")).unwrap();
    assert_eq!(json["bytes"], bytes.len());
    for text in ["fc1.weight", "images", "logits", "Gemm", "fude"] {
        assert!(bytes.windows(text.len()).any(|window| window == text.as_bytes()), "no {text} in the file");
    }
    home.fude("export small --format onnx --output again").ends_with(0);
    assert_eq!(std::fs::read(home.path("again")).unwrap(), bytes);
    home.fude("export small --output other").ends_with(2).says(&["give --format"]);
}

#[test]
fn nothing_is_replaced_unless_asked_for() {
    let home = trained();
    home.write("taken.onnx", "mine");
    std::fs::create_dir(home.path("folder.onnx")).unwrap();
    home.fude("export small --output folder.onnx --force").ends_with(1).says(&["folder.onnx is no file"]);
    home.fude("export small --output taken.onnx").ends_with(1).says(&["taken.onnx exists; --force replaces it"]);
    assert_eq!(std::fs::read(home.path("taken.onnx")).unwrap(), b"mine");
    home.fude("export small --output taken.onnx --force").ends_with(0);
    assert_ne!(std::fs::read(home.path("taken.onnx")).unwrap(), b"mine");
    home.fude("export small --output no/folder.onnx").ends_with(1).says(&["cannot write no/folder.onnx"]);
    home.fude("eval small --logits taken.onnx").ends_with(1).says(&["--force replaces it"]);
}

#[test]
fn a_model_comes_in_under_other_names_and_trains_on() {
    let home = trained();
    home.fude("export small --output small.safetensors").ends_with(0);
    let bytes = std::fs::read(home.path("small.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    // As long as before, so that nothing else moves.
    let renamed = header.replace("\"fc1.", "\"n.0.").replace("\"fc2.", "\"n.2.");
    home.write("net.safetensors", [&bytes[..8], renamed.as_bytes(), &bytes[8 + length..]].concat());

    let listed = home.fude("import net.safetensors --hidden 16").ends_with(0).stdout;
    assert!(listed.contains("fc2: 16 -> 10, from n.2"), "{listed}");
    let run = home.fude("eval small --json").ends_with(0).json();
    let file = home.fude("eval net.fude.safetensors --data images --json").ends_with(0).json();
    assert_eq!(file["accuracy"], run["accuracy"]);
    home.fude("train small.toml --init net.fude.safetensors --epochs 1 --out again").ends_with(0);

    home.fude("import net.safetensors --hidden 16").ends_with(1).says(&["net.fude.safetensors exists"]);
    home.fude("import net.safetensors --hidden 32 --output other.safetensors").ends_with(1).says(&[
        "cannot use net.safetensors",
        "expected 2 Linear layers [32, in], [out, 32]; found 2: n.0.weight [16, 784]",
    ]);
    assert!(!home.path("other.safetensors").exists());
}

#[test]
fn logits_go_to_numpy_a_row_an_image() {
    let home = trained();
    home.fude("eval small --logits logits.npy").ends_with(0);
    let bytes = std::fs::read(home.path("logits.npy")).unwrap();
    let header = String::from_utf8_lossy(&bytes[..128]).into_owned();
    assert!(header.contains("'shape': (100, 10)"), "{header}");
    assert_eq!(bytes.len(), 128 + 4 * 100 * 10);
}

#[test]
fn a_file_that_is_no_model_says_what_it_lacks() {
    let home = trained();
    home.write("broken.safetensors", "nothing of the kind");
    home.fude("eval broken.safetensors")
        .ends_with(1)
        .says(&["cannot use broken.safetensors", "not a safetensors file"]);
    home.fude("import broken.safetensors").ends_with(1).says(&["not a safetensors file"]);
    home.fude("export absent.safetensors --output a.onnx").ends_with(2).says(&["there is no file absent.safetensors"]);
}

#[test]
fn int8_weights_are_a_quarter_of_the_bytes_and_evaluate_nearly_alike() {
    let home = trained();
    let json = home.fude("quantize small --bits 8 --json").ends_with(0).json();
    let bytes = |kind: &str| json["bytes"][kind].as_f64().unwrap();
    assert!(bytes("int8") < 0.3 * bytes("f32"), "{json}");
    assert_eq!(json["split"], "validation");
    let run = home.run("small");
    assert_eq!(std::fs::metadata(run.join("int8.safetensors")).unwrap().len() as f64, bytes("int8"));

    let file = format!("eval {} --json", run.join("int8.safetensors").display());
    let (int8, exact) = (home.fude(&file).ends_with(0).json(), home.fude("eval small --json").ends_with(0).json());
    let loss = |value: &serde_json::Value| value["loss"].as_f64().unwrap();
    assert!((loss(&int8) - loss(&exact)).abs() < 0.01, "{int8} {exact}");
    assert_eq!(int8["samples"], exact["samples"]);

    home.fude("quantize small").ends_with(1).says(&["int8.safetensors exists; --force replaces it"]);
    let table = home.fude("quantize small --force --percentile 99.9").ends_with(0).stdout;
    assert!(table.contains("int8") && table.contains("get the same class"), "{table}");
    home.fude("quantize small --bits 4").ends_with(2);
    home.fude("quantize small --percentile 20").ends_with(2).says(&["expected 50 to 100 percent"]);
}

#[test]
fn an_int8_file_is_refused_where_f32_weights_are_needed() {
    let home = trained();
    home.fude("quantize small --output small8.safetensors").ends_with(0);
    for command in ["export small8.safetensors --output a.onnx", "train small.toml --init small8.safetensors"] {
        home.fude(command).ends_with(1).says(&["cannot use small8.safetensors", "expected F32 [16, 784], found I8"]);
    }
    // A file outside of a run knows its data and how they were cut.
    let run = home.fude("eval small --split validation --json").ends_with(0).json();
    let file = home.fude("eval small8.safetensors --split validation --json").ends_with(0).json();
    assert_eq!(file["samples"], run["samples"]);
}

#[test]
fn an_extended_run_keeps_no_int8_model_of_before() {
    let home = trained();
    home.fude("quantize small").ends_with(0);
    home.fude("train --resume small --epochs 3").ends_with(0);
    assert!(!home.run("small").join("int8.safetensors").exists());
}

#[test]
fn a_small_network_learns_from_a_teacher() {
    let home = Home::with_small_experiment("[augment]\nshift = 1.0\n");
    home.fude("train small.toml").ends_with(0);
    let student = "distill small small.toml --set name=student --set model.hidden=[5] --weight 0.5 --epochs 3";
    home.fude(student).ends_with(0);
    let run = home.run("student");
    let written = std::fs::read_to_string(run.join("experiment.toml")).unwrap();
    assert!(written.contains("[distill]") && written.contains("weight = 0.5"), "{written}");
    let alone = home.fude("train small.toml --set name=alone --set model.hidden=[5] --epochs 3 --json").ends_with(0);
    assert_ne!(alone.json()["train_loss"], json_file(&run.join("summary.json"))["train_loss"]);
    // Without a name of its own it is not mistaken for the run that it learned from.
    home.fude("distill small small.toml --epochs 1").ends_with(0);
    assert_eq!((home.runs("small").len(), home.runs("small-distilled").len()), (1, 1));
    home.fude("distill missing small.toml").ends_with(2).says(&["no run 'missing'"]);
    home.fude("distill small small.toml --weight 1.5")
        .ends_with(2)
        .says(&["--weight 1.5: distill.weight: expected a share"]);
}

#[test]
fn how_a_student_is_taught_stands_in_its_experiment_unless_flags_say_otherwise() {
    let home = Home::with_small_experiment("[distill]\ntemperature = 3.0\nweight = 0.6\nteachers = [\"nobody\"]\n");
    let small = std::fs::read_to_string(home.path("small.toml")).unwrap();
    home.write("plain.toml", small.split("[distill]").next().unwrap());
    home.fude("train plain.toml --epochs 1 --set name=teacher").ends_with(0);
    for (name, more, expected) in [
        ("file", "", ["temperature = 3.0", "weight = 0.6"]),
        ("set", "--set distill.temperature=2", ["temperature = 2.0", "weight = 0.6"]),
        ("flags", "--temperature 5 --weight 0.5 --set distill.weight=0.1", ["temperature = 5.0", "weight = 0.5"]),
    ] {
        home.fude(&format!("distill teacher small.toml --epochs 1 --set name={name} {more}")).ends_with(0);
        let written = std::fs::read_to_string(home.run(name).join("experiment.toml")).unwrap();
        assert!(expected.iter().all(|line| written.contains(line)), "{name}: {written}");
    }
    home.fude("distill teacher plain.toml --epochs 1 --set name=defaults").ends_with(0);
    let written = std::fs::read_to_string(home.run("defaults").join("experiment.toml")).unwrap();
    assert!(written.contains("temperature = 4.0") && written.contains("weight = 0.9"), "{written}");
}

/// Three runs, each of which holds another third out, and the first of them.
fn with_folds() -> (Home, String) {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml --folds 3 --epochs 1").ends_with(0);
    let runs = home.runs("small");
    let first = runs.iter().find(|run| run.to_string_lossy().ends_with("-f0")).expect("a run of fold 0");
    (home, format!("runs/small/{}", first.file_name().expect("a name").to_string_lossy()))
}

#[test]
fn weights_that_have_seen_the_test_images_are_refused_in_pruning_and_warned_of_as_a_start() {
    let (home, of_fold_0) = with_folds();
    let prune = format!("prune {of_fold_0} --sparsity 0.5 --finetune small.toml --epochs 1 --set data.folds=3");
    home.fude(&format!("{prune} --set data.fold=1")).ends_with(1).says(&[
        "prune.from ",
        "-f0/best.safetensors: was trained on ",
        "test images of this run; expected one trained with the same hold-out",
    ]);
    assert!(!home.path("runs/small-pruned").exists(), "refused before anything is written");
    let said = home.fude(&format!("{prune} --set data.fold=0")).ends_with(0).stderr;
    assert!(!said.contains("was trained on"), "{said}");

    let init = format!("train small.toml --init {of_fold_0} --epochs 1 --set name=again --set data.folds=3");
    home.fude(&format!("{init} --set data.fold=1")).ends_with(0).says(&[
        "--init ",
        "test images of this run",
        "the figures on them are too good",
    ]);
    let said = home.fude(&format!("{init} --set data.fold=0")).ends_with(0).stderr;
    assert!(!said.contains("was trained on"), "{said}");
}

#[test]
fn a_teacher_that_has_seen_the_test_images_is_refused() {
    let (home, of_fold_0) = with_folds();
    let student = format!("distill {of_fold_0} small.toml --set name=student --epochs 1 --set data.folds=3");
    home.fude(&format!("{student} --set data.fold=1")).ends_with(1).says(&[
        "-f0/best.safetensors: was trained on ",
        "test images of this run; expected one trained with the same hold-out",
    ]);
    assert!(!home.path("runs/student").exists(), "refused before anything is written");
    home.fude(&format!("{student} --set data.fold=0")).ends_with(0);

    // A file that does not tell what it was trained on.
    std::fs::copy(home.path(&of_fold_0).join("best.safetensors"), home.path("lone.safetensors")).unwrap();
    let lone = student.replace(&of_fold_0, "lone.safetensors");
    home.fude(&format!("{lone} --set data.fold=0")).ends_with(0).says(&["whether it was trained on test images"]);
}
