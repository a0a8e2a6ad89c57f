//! Sets by name.

use crate::fixtures::{folder, train_files};
use fude_data::{DataError, LoadOptions, open, open_with_cache};

#[test]
fn the_built_in_set_needs_no_files() {
    let set = open_with_cache("kana", &LoadOptions { limit: Some(100), ..LoadOptions::default() }, None).unwrap();
    assert_eq!((set.name.as_str(), set.train.len(), set.classes.len()), ("kana", 100, 10));
    assert_eq!(
        set.notes.last().map(String::as_str),
        Some("only the first 100 of 12,000 training images are used (data.limit)")
    );
    let error = open("kana", &LoadOptions { size: Some(32), ..LoadOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "data.size: expected 28 (kana is not resized), found 32");
}

#[test]
fn a_set_that_is_not_cached_says_where_it_belongs_and_how_it_gets_there() {
    let cache = folder(&[]);
    let error = open_with_cache("kmnist", &LoadOptions::default(), Some(cache.path())).unwrap_err();
    assert!(matches!(error, DataError::NotFound { .. }));
    let expected = format!(
        "data set kmnist not found; looked in {}; `fude data fetch kmnist` downloads it, or pass --data DIR with a \
         folder of its files",
        cache.path().join("kmnist").display()
    );
    assert_eq!(error.to_string(), expected);
    let error = open_with_cache("k49", &LoadOptions::default(), None).unwrap_err();
    assert!(error.to_string().contains("looked in no folder; put the four k49-*.npz files there"), "{error}");
}

#[test]
fn cached_files_that_are_not_the_named_set_are_loaded_with_a_warning() {
    let files: Vec<(String, Vec<u8>)> =
        train_files(20).into_iter().map(|(name, bytes)| (format!("mnist/{name}"), bytes)).collect();
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let cache = folder(&files);
    let set = open_with_cache("mnist", &LoadOptions::default(), Some(cache.path())).unwrap();
    assert_eq!(set.name, "mnist-unverified", "a folder does not lend a published set's name");
    assert!(set.notes.iter().any(|note| note.contains("does not hold the published mnist")), "{:?}", set.notes);
}

#[test]
fn anything_else_is_a_folder() {
    let dir = folder(&train_files(20));
    let set = open(&dir.path().display().to_string(), &LoadOptions::default()).unwrap();
    assert_eq!(set.train.len(), 16);
    assert!(matches!(open("no/such/folder", &LoadOptions::default()), Err(DataError::NotFound { .. })));
}
