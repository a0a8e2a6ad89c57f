//! Verification of folders.

use crate::fixtures::{folder, gz, idx_images, idx_labels};
use fude_data::{FileStatus, Role, verify_dir};

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
