//! Folders with idx or npz files.

use crate::fixtures::{folder, gz, idx, idx_images, idx_labels, npy, npz, test_files, train_files, write};
use fude_data::{DataError, Dataset, LoadOptions, load_dir};
use tempfile::TempDir;

fn load(dir: &TempDir) -> Result<Dataset, DataError> {
    load_dir(dir.path(), &LoadOptions::default())
}

fn message(dir: &TempDir) -> String {
    load(dir).expect_err("a bad folder").to_string()
}

/// A training pair of these images and labels.
fn pair(images: Vec<u8>, labels: &[u8]) -> TempDir {
    folder(&[("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", idx_labels(labels))])
}

#[test]
fn official_test_files_are_the_test_split() {
    let dir = folder(&[train_files(20), test_files(&[9, 0, 3])].concat());
    let set = load(&dir).unwrap();
    assert_eq!(set.train.len(), 20);
    assert_eq!(set.test.as_ref().map(|test| test.labels.clone()), Some(vec![9, 0, 3]));
    assert_eq!((set.train.height, set.train.width, set.classes.len()), (2, 3, 10));
    assert_eq!(Some(set.name.as_str()), dir.path().file_name().and_then(|name| name.to_str()));
    assert!(set.notes.is_empty(), "{:?}", set.notes);
}

#[test]
fn without_test_files_a_fifth_is_cut_from_train_and_said() {
    let dir = folder(&train_files(2000));
    let set = load(&dir).unwrap();
    assert_eq!((set.train.len(), set.test.map(|test| test.len())), (1600, Some(400)));
    let expected = format!(
        "no test files in {}: 400 of 2,000 training images held out as test split (data.test_fraction 0.2, \
         data.split_seed 0)",
        dir.path().display()
    );
    assert_eq!(set.notes, [expected]);
}

#[test]
fn a_test_fraction_of_zero_means_no_test_split() {
    let dir = folder(&train_files(20));
    let set = load_dir(dir.path(), &LoadOptions { test_fraction: 0.0, ..LoadOptions::default() }).unwrap();
    assert_eq!((set.train.len(), set.test), (20, None));
    assert!(set.notes[0].ends_with("no test split was cut (data.test_fraction 0)"), "{:?}", set.notes);
}

#[test]
fn the_limit_comes_before_the_cut_and_leaves_official_test_images_alone() {
    let limited = LoadOptions { limit: Some(10), ..LoadOptions::default() };
    let dir = folder(&train_files(20));
    let set = load_dir(dir.path(), &limited).unwrap();
    assert_eq!((set.train.len(), set.test.map(|test| test.len())), (8, Some(2)));
    assert_eq!(set.notes[0], "only the first 10 of 20 training images are used (data.limit)");
    let dir = folder(&[train_files(20), test_files(&[0; 15])].concat());
    let set = load_dir(dir.path(), &limited).unwrap();
    assert_eq!((set.train.len(), set.test.map(|test| test.len())), (10, Some(15)));
}

#[test]
fn npz_files_and_dotted_idx_names_load_like_the_official_names() {
    let (images, labels) = (idx_images(20), [4u8; 20]);
    let official = load(&pair(images.clone(), &labels)).unwrap();
    let dotted = load(&folder(&[
        ("train-images.idx3-ubyte", images.clone()),
        ("train-labels.idx1-ubyte.gz", gz(&idx_labels(&labels))),
    ]));
    let archived = load(&folder(&[
        ("kmnist-train-imgs.npz", npz("arr_0.npy", &npy("|u1", "(20, 2, 3)", &images[16..]))),
        ("kmnist-train-labels.npz", npz("arr_0.npy", &npy("|u1", "(20,)", &labels))),
    ]));
    for set in [dotted.unwrap(), archived.unwrap()] {
        assert_eq!((&set.train, &set.test), (&official.train, &official.test));
    }
}

#[test]
fn k49_is_known_by_its_file_names_and_has_49_classes() {
    let dir = folder(&[
        ("k49-train-imgs.npz", npz("arr_0.npy", &npy("|u1", "(10, 1, 1)", &[0; 10]))),
        ("k49-train-labels.npz", npz("arr_0.npy", &npy("|u1", "(10,)", &[48; 10]))),
    ]);
    let set = load(&dir).unwrap();
    assert_eq!((set.name.as_str(), set.classes.len()), ("k49", 49));
    assert_eq!(set.classes[48], "ゝ iteration");
    assert!(set.notes[0].contains("file names alone"), "{:?}", set.notes);
}

#[test]
fn a_missing_folder_says_where_it_was_looked_for_and_what_to_do() {
    let dir = folder(&[]);
    let path = dir.path().join("none");
    let error = load_dir(&path, &LoadOptions::default()).unwrap_err();
    assert!(matches!(&error, DataError::NotFound { looked, .. } if *looked == [path.clone()]), "{error:?}");
    let expected = format!("folder {0} not found; looked in {0}; pass --data DIR", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn an_empty_folder_and_a_file_name_the_expected_files() {
    let dir = folder(&[("notes.txt", vec![])]);
    let text = message(&dir);
    assert!(text.contains("expected a folder with train-images-idx3-ubyte[.gz]"), "{text}");
    assert!(text.ends_with("found none of them"), "{text}");
    let file = write(dir.path(), "file", b"");
    let text = load_dir(&file, &LoadOptions::default()).unwrap_err().to_string();
    assert!(text.ends_with("found a file"), "{text}");
}

#[test]
fn half_a_pair_names_the_other_half() {
    let text = message(&folder(&train_files(5)[..1]));
    let expected = "train-images-idx3-ubyte.gz: expected train-labels-idx1-ubyte.gz or train-labels-idx1-ubyte or ";
    assert!(text.contains(expected) && text.ends_with("beside it, found none"), "{text}");
    // A test pair that is not whole is an error too, and no reason to cut another.
    let text = message(&folder(&[train_files(5), test_files(&[0])[1..].to_vec()].concat()));
    assert!(text.contains("t10k-labels-idx1-ubyte: expected t10k-images-idx3-ubyte.gz"), "{text}");
    let text = message(&folder(&test_files(&[0])));
    assert!(text.contains("t10k-images-idx3-ubyte: expected train-images-idx3-ubyte.gz"), "{text}");
}

#[test]
fn images_and_labels_must_be_as_many() {
    let text = message(&pair(idx_images(3), &[1, 2]));
    assert!(text.contains("train-images-idx3-ubyte has 3 images, but "), "{text}");
    assert!(text.ends_with("train-labels-idx1-ubyte has 2 labels; expected as many"), "{text}");
}

#[test]
fn a_set_without_images_is_refused() {
    let text = message(&pair(idx(0x0803, &[0, 28, 28], &[]), &[]));
    assert!(text.ends_with("train-images-idx3-ubyte: expected at least one image, found none"), "{text}");
}

#[test]
fn a_test_label_without_a_class_is_named() {
    let text = message(&folder(&[train_files(20), test_files(&[9, 10])].concat()));
    assert!(text.ends_with("t10k-labels-idx1-ubyte: label 1: expected 0 to 9, found 10"), "{text}");
}

#[test]
fn test_images_must_have_the_size_of_the_training_images() {
    let mut files = [train_files(20), test_files(&[0])].concat();
    files[2].1 = idx(0x0803, &[1, 3, 2], &[0; 6]);
    let text = message(&folder(&files));
    let expected = "t10k-images-idx3-ubyte: expected test images of 2x3, as the training images are, found 3x2";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn settings_outside_their_range_are_refused() {
    let dir = folder(&train_files(20));
    let default = LoadOptions::default;
    let table = [
        (LoadOptions { test_fraction: 1.0, ..default() }, "data.test_fraction: expected a number from 0 to below 1"),
        (LoadOptions { test_fraction: f64::NAN, ..default() }, "data.test_fraction: expected"),
        (LoadOptions { limit: Some(0), ..default() }, "data.limit: expected at least 1, found 0"),
        (LoadOptions { size: Some(257), ..default() }, "data.size: expected 1 to 256, found 257"),
        (LoadOptions { size: Some(28), ..default() }, "data.size: expected 2x3, as in "),
    ];
    for (options, expected) in table {
        let text = load_dir(dir.path(), &options).unwrap_err().to_string();
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn too_few_images_to_cut_name_the_folder_and_the_key() {
    let dir = folder(&train_files(20));
    let error = load_dir(dir.path(), &LoadOptions { test_fraction: 0.01, ..LoadOptions::default() }).unwrap_err();
    let expected = format!("{}: too few images for data.test_fraction = 0.01: ", dir.path().display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(error.is_bad_setting());
}
