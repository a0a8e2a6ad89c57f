//! Bad data: the message, the exit code, and that nothing was written.

use crate::fixtures::{gz, idx, idx_images, idx_labels, labels, npz, pixels, png};
use crate::home::Home;

/// What is wrong, how to make it, and what must be said about it.
type Case = (&'static str, fn(&Home), &'static [&'static str]);

const IMAGES: &str = "images/train-images-idx3-ubyte";
const LABELS: &str = "images/train-labels-idx1-ubyte";

const CASES: &[Case] = &[
    (
        "truncated idx",
        |home| cut_off(home, IMAGES),
        &["train-images-idx3-ubyte: truncated: expected 313616 bytes", "found 313516"],
    ),
    ("oversized idx", |home| lengthen(home, IMAGES), &["train-images-idx3-ubyte: oversized: expected 313616 bytes"]),
    (
        "wrong magic",
        |home| replace(home, IMAGES, idx(0x0802, &[400, 28, 28], &pixels(400, 1))),
        &["expected 0x00000803 (idx images) at its start, found 0x00000802"],
    ),
    ("labels in place of images", |home| replace(home, IMAGES, idx_labels(400)), &["0x00000803", "0x00000801"]),
    (
        "a header that promises terabytes",
        |home| replace(home, IMAGES, idx(0x0803, &[u32::MAX, 1024, 1024], &[])),
        &["expected [N, H, W]", "found [4294967295, 1024, 1024]"],
    ),
    (
        "wrong count",
        |home| replace(home, LABELS, idx_labels(399)),
        &["has 400 images, but", "has 399 labels; expected as many"],
    ),
    (
        "a test label that training does not know",
        |home| replace(home, "images/t10k-labels-idx1-ubyte", idx(0x0801, &[100], &[10; 100])),
        &["t10k-labels-idx1-ubyte: label 0: expected 0 to 9, found 10"],
    ),
    (
        "no images",
        |home| {
            replace(home, IMAGES, idx_images(0, 1));
            replace(home, LABELS, idx_labels(0))
        },
        &["expected at least one image"],
    ),
    (
        "half a pair",
        |home| std::fs::remove_file(home.path(LABELS)).expect("labels"),
        &["expected train-labels-idx1-ubyte", "found none"],
    ),
    (
        "a gz cut off",
        |home| {
            let bytes = gz(&idx_images(400, 1));
            repack(home, &bytes[..bytes.len() / 2])
        },
        &["train-images-idx3-ubyte.gz: truncated: expected 313616 bytes"],
    ),
    (
        "a gz with a wrong checksum",
        |home| {
            let mut bytes = gz(&idx_images(400, 1));
            let end = bytes.len() - 6;
            bytes[end] ^= 1;
            repack(home, &bytes)
        },
        &["train-images-idx3-ubyte.gz: expected a sound archive"],
    ),
    (
        "an npz that is no archive",
        |home| npz_pair(home, b"not an archive".to_vec()),
        &["kmnist-train-imgs.npz", "found"],
    ),
    (
        "a truncated npz",
        |home| {
            let mut it = npz("(50, 28, 28)", &pixels(50, 1));
            it.truncate(2000);
            npz_pair(home, it)
        },
        &["kmnist-train-imgs.npz: expected a sound archive"],
    ),
    (
        "an npz of too few bytes",
        |home| npz_pair(home, npz("(51, 28, 28)", &pixels(50, 1))),
        &["kmnist-train-imgs.npz: truncated: expected"],
    ),
    (
        "an npz of too many bytes",
        |home| npz_pair(home, npz("(49, 28, 28)", &pixels(50, 1))),
        &["kmnist-train-imgs.npz: oversized"],
    ),
    (
        "an npz with another count",
        |home| npz_pair(home, npz("(40, 28, 28)", &pixels(40, 1))),
        &["has 40 images, but", "has 50 labels"],
    ),
    ("a picture that is none", class_folder, &["images/b/1.png: expected a readable PNG, JPEG or BMP image"]),
    (
        "a folder with nothing to read",
        |home| {
            home.write("images/notes.txt", "hello");
            keep_only(home, "notes.txt")
        },
        &["images: expected a folder with train-images-idx3-ubyte"],
    ),
    (
        "a folder that is not there",
        |home| std::fs::remove_dir_all(home.path("images")).expect("images"),
        &["folder images not found; looked in /", "pass --data DIR"],
    ),
    (
        "a file in place of a folder",
        |home| {
            std::fs::remove_dir_all(home.path("images")).expect("images");
            home.write("images", "x");
        },
        &["expected a folder with", "found a file"],
    ),
];

#[test]
fn bad_data_are_told_with_path_expected_and_found_and_nothing_is_written() {
    for (what, make, fragments) in CASES {
        let home = Home::with_small_experiment("");
        make(&home);
        let before = home.snapshot();
        let ran = home.fude("train small.toml --data images");
        assert_eq!(ran.code, Some(1), "{what}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{what}: {}", ran.stdout);
        for fragment in *fragments {
            assert!(ran.stderr.contains(fragment), "{what}: expected '{fragment}' in {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
        assert!(home.snapshot() == before, "{what}: something was written");
    }
}

#[test]
fn too_few_images_to_hold_some_out_are_told_with_folder_and_key() {
    let home = Home::new();
    home.idx_folder(4, 2);
    home.small_experiment("");
    let before = home.snapshot();
    home.fude("train small.toml")
        .ends_with(2)
        .says(&["images: too few images for data.validation_fraction = 0.1", "found 4 in all; 0 holds none out"]);
    home.idx_folder(2, 0);
    std::fs::remove_file(home.path("images/t10k-images-idx3-ubyte")).unwrap();
    std::fs::remove_file(home.path("images/t10k-labels-idx1-ubyte")).unwrap();
    home.fude("data stats images").ends_with(2).says(&["images: too few images for data.test_fraction = 0.2"]);
    home.fude("data stats images --test-fraction 2")
        .ends_with(2)
        .says(&["data.test_fraction: expected a number from 0"]);
    home.idx_folder(4, 2);
    assert!(home.snapshot() == before, "something was written");
}

#[test]
fn a_damaged_file_is_an_error_and_no_reason_to_fall_back() {
    let home = Home::with_small_experiment("");
    cut_off(&home, IMAGES);
    std::fs::create_dir_all(home.path("cache/fude")).unwrap();
    std::fs::rename(home.path("images"), home.path("cache/fude/kmnist")).unwrap();
    let ran = home.fude(&format!("train {} --epochs 1", crate::home::published("e1-l2.toml"))).ends_with(1);
    let ran = ran.says(&["truncated: expected"]);
    assert!(!ran.stderr.contains("FALLING BACK"), "{}", ran.stderr);
}

#[test]
fn missing_data_without_a_fallback_say_where_they_were_looked_for_and_how_to_get_them() {
    let home = Home::with_small_experiment("");
    let before = home.snapshot();
    for train in ["train small.toml --data kmnist", "train small.toml --set dataset=kmnist"] {
        let ran = home.fude(train).ends_with(1);
        ran.says(&[
            "data set kmnist not found; looked in ",
            "cache/fude/kmnist",
            "`fude data fetch kmnist`",
            "--data DIR",
        ]);
    }
    assert!(home.snapshot() == before, "something was written");
}

fn replace(home: &Home, name: &str, bytes: Vec<u8>) {
    home.write(name, bytes);
}

fn cut_off(home: &Home, name: &str) {
    let mut bytes = std::fs::read(home.path(name)).expect("a file");
    bytes.truncate(bytes.len() - 100);
    home.write(name, bytes);
}

fn lengthen(home: &Home, name: &str) {
    let mut bytes = std::fs::read(home.path(name)).expect("a file");
    bytes.push(0);
    home.write(name, bytes);
}

fn repack(home: &Home, images: &[u8]) {
    std::fs::remove_file(home.path(IMAGES)).expect("images");
    home.write("images/train-images-idx3-ubyte.gz", images);
}

/// Removes everything but `name` from the data folder.
fn keep_only(home: &Home, name: &str) {
    for entry in std::fs::read_dir(home.path("images")).expect("images").flatten() {
        if entry.file_name() != name {
            std::fs::remove_file(entry.path()).expect("a file");
        }
    }
}

fn npz_pair(home: &Home, images: Vec<u8>) {
    home.write("images/kmnist-train-labels.npz", npz("(50,)", &labels(50)));
    keep_only(home, "kmnist-train-labels.npz");
    home.write("images/kmnist-train-imgs.npz", images);
}

fn class_folder(home: &Home) {
    keep_only(home, "");
    for (class, name) in ["a", "b"].iter().enumerate() {
        for salt in 0..3 {
            home.write(&format!("images/{name}/{salt}.png"), png(class as u8, salt));
        }
    }
    home.write("images/b/1.png", &png(1, 1)[..60]);
}
