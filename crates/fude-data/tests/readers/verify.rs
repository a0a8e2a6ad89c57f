//! Verification of folders.

use crate::fixtures::{folder, gz, idx_images, idx_labels, png};
use fude_data::{FileStatus, Role, verify_dir, verify_pictures};

#[test]
fn every_named_file_is_reported_as_unknown_or_corrupt_with_its_reason() {
    let mut cut = idx_labels(&[1, 2, 3]);
    cut.pop();
    let files =
        [("t10k-labels-idx1-ubyte", cut), ("train-images-idx3-ubyte.gz", gz(&idx_images(2))), ("README", vec![])];
    let dir = folder(&files);
    let checks = verify_dir(dir.path()).unwrap();
    assert_eq!(checks.iter().map(|check| check.role).collect::<Vec<_>>(), [Role::TestLabels, Role::TrainImages]);
    let FileStatus::Corrupt { why } = &checks[0].status else { panic!("{:?}", checks[0]) };
    assert!(why.ends_with("truncated: expected 11 bytes of content, found 10"), "{why}");
    let sum = fude_data::raw_md5(&checks[1].path).unwrap();
    assert_eq!(checks[1].status, FileStatus::Unknown { md5: sum });
}

#[test]
fn a_folder_without_such_files_is_an_error() {
    let message = verify_dir(folder(&[]).path()).unwrap_err().to_string();
    assert!(message.contains("expected files such as train-images-idx3-ubyte.gz"), "{message}");
}

#[test]
fn pictures_are_counted_class_by_class_and_broken_ones_named() {
    let dir = folder(&[
        ("train/a/1.png", png(28, 28, 1)),
        ("train/a/2.png", png(28, 28, 1)[..40].to_vec()),
        ("train/b/1.png", png(9, 9, 1)),
        ("test/b/1.png", png(28, 28, 2)),
        ("test/b/notes.txt", vec![]),
    ]);
    let checks = verify_pictures(dir.path()).unwrap();
    let found: Vec<_> = checks
        .iter()
        .map(|check| (check.folder.strip_prefix(dir.path()).unwrap().to_str().unwrap(), check.sound))
        .collect();
    assert_eq!(found, [("train/a", 1), ("train/b", 1), ("test/b", 1)]);
    let (path, why) = &checks[0].corrupt[0];
    assert!(path.ends_with("train/a/2.png") && why.contains("expected a readable PNG"), "{why}");
    assert!(verify_pictures(folder(&[]).path()).unwrap().is_empty());
}
