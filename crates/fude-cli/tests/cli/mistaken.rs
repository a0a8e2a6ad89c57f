//! What is easily given by mistake: the message says what was meant, and nothing is written.

use crate::fixtures::png;
use crate::home::Home;

fn trained() -> Home {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    home
}

#[test]
fn an_experiment_without_its_ending_and_a_slip_of_the_fingers_are_told_what_is_meant() {
    let home = Home::with_small_experiment("");
    home.write("experiments/e1-l2.toml", "name = \"e1-l2\"\ndataset = \"kana\"\n");
    for (given, meant) in [
        ("small", "did you mean small.toml?"),
        ("e1-l2", "did you mean experiments/e1-l2.toml?"),
        ("e1-l3.toml", "did you mean experiments/e1-l2.toml?"),
        ("qqq", "expected an experiment file, NAME.toml"),
        ("experiments", "expected an experiment file, found a folder"),
    ] {
        for command in ["train", "check", "lr-find"] {
            home.fude(&format!("{command} {given}")).ends_with(2).says(&["cannot be read: ", meant]);
        }
    }
}

#[test]
fn an_experiment_and_a_study_are_told_from_each_other() {
    let home = Home::with_small_experiment("");
    home.write("s.toml", "name = \"s\"\nexperiment = \"small.toml\"\nspace.train.batch = { choices = [8, 0] }\n");
    home.fude("train s.toml").ends_with(2).says(&["s.toml: is a study and no experiment: `fude sweep` takes it"]);
    home.fude("sweep small.toml").ends_with(2).says(&["is an experiment and no study: `fude train` takes it"]);
    home.fude("sweep s.toml").ends_with(2).says(&["the study's space.train.batch = 0: train.batch: expected"]);
    home.fude("results runs").ends_with(1).says(&["cannot read runs"]);
    std::fs::create_dir(home.path("runs")).unwrap();
    home.fude("results runs").ends_with(1).says(&["found a folder; `fude compare` takes runs"]);
}

#[test]
fn an_unknown_data_set_is_named_with_the_known_ones() {
    let home = Home::with_small_experiment("");
    for command in ["train small.toml --data kminst", "check small.toml --set dataset=kminst", "data stats kminst"] {
        let known = "the names kana, kmnist, fashion, mnist, k49; did you mean kmnist?";
        home.fude(command).ends_with(1).says(&["folder kminst not found", known]);
    }
}

#[test]
fn an_unknown_run_is_told_with_the_most_similar_name() {
    let home = trained();
    for command in ["eval smal", "runs smal", "compare smal", "train --resume smal", "eval runs/smal"] {
        home.fude(command).ends_with(2).says(&["no run '", "did you mean 'small'?"]);
    }
}

#[test]
fn a_file_that_is_no_model_is_told_what_it_seems_to_be() {
    let home = trained();
    home.fude("export small --output small.onnx").ends_with(0);
    let checkpoint = home.run("small").join("last.ckpt").display().to_string();
    let cases = [
        ("small.onnx", "an ONNX file, which fude writes and does not read"),
        ("small.toml", "an experiment file; `fude train` makes a model of it"),
        (&checkpoint, "a checkpoint of fude; give its run's folder"),
    ];
    for (file, seems) in cases {
        for command in ["eval", "import"] {
            home.fude(&format!("{command} {file}")).ends_with(1).says(&["not a safetensors file but", seems]);
        }
    }
    std::fs::create_dir(home.path("empty")).unwrap();
    home.fude("import empty").ends_with(2).says(&["empty is a folder: expected a safetensors file"]);
    let run = home.run("small").display().to_string();
    home.fude(&format!("import {run}")).ends_with(2).says(&["is a run of fude, which needs no import"]);
}

#[test]
fn an_output_under_the_wrong_ending_or_in_no_folder_is_refused_before_any_work() {
    let home = trained();
    let before = home.snapshot();
    let wrong = home.fude("export small --format onnx --output z.safetensors").ends_with(2);
    wrong.says(&["z.safetensors would be onnx under a name that says safetensors"]);
    for command in [
        "eval small --logits no/x.npy",
        "export small --output no/x.onnx",
        "quantize small --output no/x.safetensors",
        "prune small --sparsity 0.5 --output no/x.safetensors",
        "lr-find small.toml --output no/x.png",
        "data show --output no/x.png",
        "bench --experiment small.toml --json no/x.json",
    ] {
        let ran = home.fude(command).ends_with(1).says(&["cannot write no/x.", "its folder no is not there"]);
        assert!(!ran.stderr.contains(".fude-"), "{}", ran.stderr);
    }
    // What is read is looked at before what is to be written.
    home.fude("eval nosuch --logits no/x.npy").ends_with(2).says(&["no run 'nosuch'"]);
    home.fude("import small.toml --output no/x.safetensors").ends_with(1).says(&["an experiment file"]);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn a_model_s_file_whose_data_lie_elsewhere_asks_for_their_folder() {
    let home = Home::with_small_experiment("");
    std::fs::create_dir(home.path("far")).unwrap();
    std::fs::rename(home.path("images"), home.path("far/images")).unwrap();
    home.fude("train small.toml --data far/images").ends_with(0);
    home.fude("export small --output small.safetensors").ends_with(0);
    home.fude("import small.safetensors").ends_with(0);
    for file in ["small.safetensors", "small.fude.safetensors"] {
        let asked = home.fude(&format!("eval {file}")).ends_with(2);
        asked.says(&[file, "was trained on 'images' and does not say where that is: give its folder, --data DIR"]);
        home.fude(&format!("eval {file} --data far/images")).ends_with(0);
    }
}

#[test]
fn flags_that_would_do_nothing_are_refused_or_warned_of() {
    let home = Home::with_small_experiment("");
    for (flags, said) in [
        ("logistic --k 3", "--k is a flag of knn and pca-knn alone"),
        ("knn --components 5", "--components is a flag of pca-knn alone"),
        ("knn --epochs 5", "--epochs is a flag of logistic alone"),
        ("pca-knn --seed 5", "--seed is a flag of logistic alone"),
        ("pca-knn --components 10000", "--components: expected 1 to 784, the pixels of an image, found 10000"),
    ] {
        home.fude(&format!("baseline {flags} --data images")).ends_with(2).says(&[said]);
    }
    let unused = "warning: model.outputs = 5 is not used: the data have 10 classes";
    home.fude("train small.toml --set model.outputs=5 --fast-dev-run").ends_with(0).says(&[unused]);
    home.fude("check small.toml --set model.outputs=5").ends_with(0).says(&[unused]);
    for (flags, said) in [
        ("--seeds 0..2 --set train.seed=5", "--set train.seed: --seeds sets it for each run"),
        ("--folds 2 --set data.fold=1", "--set data.fold: --folds sets it for each run"),
    ] {
        home.fude(&format!("train small.toml {flags}")).ends_with(2).says(&[said]);
    }
    let idle = "train.warmup_steps = 9999: the run has";
    for command in ["check", "train"] {
        home.fude(&format!("{command} small.toml --set train.warmup_steps=9999")).ends_with(0).says(&[idle]);
    }
    home.fude("data show --output photo.jpg").ends_with(2).says(&["photo.jpg: expected a picture's name, FILE.png"]);
    home.fude("eval small --looks 1001").ends_with(2).says(&["1001 is not in 0..=1000"]);
}

#[test]
fn pictures_in_no_class_s_folder_are_told_of() {
    let home = Home::new();
    for (class, salt) in [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5), (1, 6)] {
        home.write(&format!("set/{class}/{salt}.png"), png(class, salt));
    }
    home.write("set/7.png", png(0, 7));
    home.write("loose/1.png", png(0, 1));
    let ran = home.fude("data stats set").ends_with(0);
    ran.says(&["note: left out: pictures that lie in set itself, in no class's folder (1)"]);
    home.fude("data stats loose").ends_with(1).says(&["found pictures in no sub-folder"]);
}

#[test]
fn a_check_counts_the_images_that_training_would_have() {
    let home = Home::new();
    home.write("fall.toml", "name = \"fall\"\ndataset = \"kmnist\"\nfallback = \"kana\"\ntrain.batch = 100\n");
    let ran = home.fude("check fall.toml").ends_with(0).says(&["FALLING BACK to the built-in drawn set 'kana'"]);
    assert!(ran.stdout.contains("an epoch of 108 steps"), "12,000 images less a tenth: {}", ran.stdout);
    home.write("real.toml", "name = \"real\"\ndataset = \"kmnist\"\ntrain.batch = 100\ntrain.epochs = 1\n");
    let ran = home.fude("check real.toml").ends_with(0).says(&["`fude data fetch kmnist`", "counting with the 54,000"]);
    assert!(ran.stdout.contains("an epoch of 540 steps") && ran.stdout.contains("for 1 epoch\n"), "{}", ran.stdout);
}
