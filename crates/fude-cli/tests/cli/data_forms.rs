//! Every form of data that `--data` takes.

use crate::fixtures::{gz, idx_images, idx_labels, labels, npz, pixels, png};
use crate::home::Home;

#[track_caller]
fn trains(home: &Home, train: u64, test: u64, name: &str) {
    home.small_experiment("data.validation_fraction = 0.0");
    let summary = home.fude("train small.toml --data files --json").ends_with(0).json();
    assert_eq!(summary["train_samples"], train, "{summary}");
    assert_eq!(summary["test_samples"], test);
    assert_eq!(summary["dataset"], name);
    assert_eq!(summary["dataset_fallback"], false);
}

#[test]
fn idx_files_packed_or_not() {
    let home = Home::new();
    home.write("files/train-images-idx3-ubyte.gz", gz(&idx_images(100, 1)));
    home.write("files/train-labels-idx1-ubyte.gz", gz(&idx_labels(100)));
    home.write("files/t10k-images-idx3-ubyte", idx_images(20, 2));
    home.write("files/t10k-labels-idx1-ubyte", idx_labels(20));
    trains(&home, 100, 20, "files");
}

#[test]
fn npz_files_as_kmnist_has_them() {
    let home = Home::new();
    for (split, n, salt) in [("train", 100, 1), ("test", 20, 2)] {
        home.write(&format!("files/kmnist-{split}-imgs.npz"), npz(&format!("({n}, 28, 28)"), &pixels(n, salt)));
        home.write(&format!("files/kmnist-{split}-labels.npz"), npz(&format!("({n},)"), &labels(n)));
    }
    trains(&home, 100, 20, "files");
}

#[test]
fn a_folder_a_class_with_pictures() {
    let home = Home::new();
    for (class, name) in ["ao", "iro", "umi"].iter().enumerate() {
        for salt in 0..10 {
            home.write(&format!("files/{name}/{salt}.png"), png(class as u8, salt));
        }
    }
    trains(&home, 24, 6, "files");
    let eval = home.fude("eval small --json").ends_with(0).json();
    let classes: Vec<&str> =
        eval["per_class"].as_array().unwrap().iter().map(|c| c["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["ao", "iro", "umi"]);
}

#[test]
fn one_class_is_nothing_to_tell_apart() {
    let home = Home::with_small_experiment("");
    (0..30).for_each(|salt| drop(home.write(&format!("one/only/{salt}.png"), png(0, salt))));
    let ran = home.fude("train small.toml --data one").ends_with(1);
    ran.says(&["error: one: expected two classes or more to tell apart, found one (only)"]);
}

#[test]
fn verify_looks_into_every_form() {
    let home = Home::with_small_experiment("");
    home.write("pictures/a/1.png", png(0, 1));
    home.write("pictures/a/2.png", png(0, 2));
    home.write("pictures/b/1.png", png(1, 1));
    let found = home.fude("data verify pictures").ends_with(0).stdout;
    let expected = "unknown  pictures/a: 2 sound pictures, of no known set\nunknown  pictures/b: 1 sound";
    assert!(found.starts_with(expected), "{found}");

    home.write("pictures/b/2.png", &png(1, 2)[..60]);
    let broken = home.fude("data verify pictures --json").ends_with(1);
    let json = broken.json();
    assert_eq!((&json[0]["pictures"], &json[2]["status"]), (&2.into(), &"corrupt".into()), "{json}");
    assert!(json[2]["why"].as_str().unwrap().starts_with("pictures/b/2.png: expected a readable PNG"), "{json}");
    broken.says(&["pictures: 1 of 4 files are not what they should be"]);

    assert_eq!(home.fude("data verify images").ends_with(0).stdout.lines().count(), 4);
    home.write("neither/notes.txt", "hello");
    home.fude("data verify neither")
        .ends_with(1)
        .says(&["neither: expected files such as ", "sub-folder of pictures per class"]);
}

#[test]
fn a_set_is_reached_by_its_name_also_beside_a_folder_of_that_name() {
    let home = Home::with_small_experiment("");
    home.write("kmnist/notes.txt", "no data");
    home.fude("train small.toml --data kmnist").ends_with(1).says(&["data set kmnist not found", "cache/fude/kmnist"]);
}

#[test]
fn a_run_finds_its_data_again_from_another_folder() {
    let home = Home::with_small_experiment("");
    home.fude("train small.toml").ends_with(0);
    let run = home.run("small").display().to_string();
    std::fs::create_dir(home.path("deeper")).unwrap();
    let eval = home.command(&format!("eval {run}")).current_dir(home.path("deeper")).output().unwrap();
    crate::home::Ran::of(&eval).ends_with(0);
}
