//! Real sets, where they are: in the folder that FUDE_TEST_DATA names, or beside the workspace.

use fude_data::{Duplicates, FileStatus, LoadOptions, Stats, load_dir, verify_dir};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of a real set; a printed line where it is missing.
fn real(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FUDE_TEST_DATA").map_or(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    // Not `println!`, which the test runner swallows where a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: no {} (set FUDE_TEST_DATA)", folder.display());
    None
}

#[test]
fn kmnist_8k_is_recognised_and_loses_a_fifth_to_the_test_split() {
    let Some(folder) = real("kmnist") else { return };
    let set = load_dir(&folder, &LoadOptions::default()).unwrap();
    assert_eq!((set.name.as_str(), set.train.len()), ("kmnist-8k", 6400));
    assert_eq!((set.train.height, set.train.width), (28, 28));
    assert_eq!(set.classes[9], "を wo");
    assert!(set.notes[0].starts_with("kmnist-8k, not comparable with KMNIST"), "{:?}", set.notes);
    assert!(set.notes[1].contains(": 1,600 of 8,000 training images held out as test split"), "{:?}", set.notes);
    let stats = Stats::of(&set);
    assert_eq!(stats.test.map(|test| test.images), Some(1600));
    assert!(stats.train.per_class.iter().all(|&count| (550..750).contains(&count)), "{:?}", stats.train.per_class);
}

#[test]
fn fashion_mnist_is_recognised_with_its_official_split() {
    let Some(folder) = real("fashion-mnist") else { return };
    let checks = verify_dir(&folder).unwrap();
    assert_eq!(checks.len(), 4);
    for check in checks {
        let official = matches!(check.status, FileStatus::Official { set: "fashion", role, .. } if role == check.role);
        assert!(official, "{check:?}");
    }
    let set = load_dir(&folder, &LoadOptions::default()).unwrap();
    assert_eq!((set.name.as_str(), set.train.len(), set.notes.len()), ("fashion", 60_000, 0));
    let stats = Stats::of(&set);
    // The mean and spread that everyone normalises Fashion-MNIST with.
    assert!((stats.train.pixel_mean - 0.2860).abs() < 1e-4, "{}", stats.train.pixel_mean);
    assert!((stats.train.pixel_std - 0.3530).abs() < 1e-4, "{}", stats.train.pixel_std);
    assert_eq!((stats.train.per_class, stats.test.map(|test| test.images)), (vec![6000; 10], Some(10_000)));
    assert_eq!(stats.duplicates, Duplicates::default(), "Fashion-MNIST has no exact duplicates");
}

#[test]
fn a_known_set_with_a_foreign_file_or_without_its_test_files_is_not_called_comparable() {
    let Some(folder) = real("fashion-mnist") else { return };
    let train = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"];
    let dir = tempfile::tempdir().unwrap();
    for name in train {
        std::fs::copy(folder.join(name), dir.path().join(name)).unwrap();
    }
    let set = load_dir(dir.path(), &LoadOptions::default()).unwrap();
    assert_eq!(set.name, "fashion");
    assert!(set.notes[0].contains("without its official test files: figures are not comparable"), "{:?}", set.notes);
    let mut labels = fude_data::idx::read_labels(&folder.join(train[1])).unwrap();
    labels[0] ^= 1;
    let mut bytes = [0x0801u32.to_be_bytes(), 60_000u32.to_be_bytes()].concat();
    bytes.extend(labels);
    std::fs::write(dir.path().join(train[1]), bytes).unwrap();
    let set = load_dir(dir.path(), &LoadOptions::default()).unwrap();
    assert_eq!(set.name, "fashion-unverified");
    assert!(
        set.notes[0].starts_with("train-labels-idx1-ubyte.gz is not the published file of fashion"),
        "{:?}",
        set.notes
    );
}
