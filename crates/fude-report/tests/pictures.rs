//! What callers rely on: files written whole, errors that name what is wrong, pictures that hold the images given.

use fude_record::Mistake;
use fude_report::{ClassLabel, Picture, ReportError, confusion_matrix, image_grid, learning_curve, mistakes_grid};
use std::fs;

fn labels(count: usize) -> Vec<ClassLabel> {
    (0..count).map(|class| ClassLabel::new(class.to_string())).collect()
}

/// What an error says; nothing for a picture.
fn message(picture: Result<Picture, ReportError>) -> String {
    picture.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_learning_curve_has_1600_by_640_pixels_and_is_the_same_every_time() {
    let line = r#"{"epoch":1,"train_loss":0.5,"train_accuracy":0.8,"val_loss":null,"val_accuracy":null,
        "test_loss":null,"test_accuracy":null,"learning_rate":0.001,"seconds":1.0}"#;
    let record = serde_json::from_str(line).unwrap();
    let picture = learning_curve(&[record], None, "a run");
    assert_eq!(picture.size(), (1600, 640));
    assert_eq!(picture.to_png().unwrap(), picture.to_png().unwrap());
}

#[test]
fn a_saved_picture_replaces_the_old_file_and_leaves_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curve.png");
    fs::write(&path, "old").unwrap();
    let picture = learning_curve(&[], None, "empty");
    picture.save(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), picture.to_png().unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_picture_that_cannot_be_written_names_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("curve.png");
    let error = learning_curve(&[], None, "").save(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: not written: ", path.display())), "{error}");
}

#[test]
fn matrices_of_the_wrong_shape_are_refused_with_what_was_expected() {
    let table = [
        (vec![vec![1, 2], vec![3]], 2, "row 1 of a confusion matrix: expected 2 counts, found 1"),
        (vec![vec![1, 2], vec![3, 4]], 3, "labels of a confusion matrix: expected 2, found 3"),
        (vec![vec![0; 257]; 257], 257, "confusion matrix: expected at most 256 classes, found 257"),
    ];
    for (confusion, names, expected) in table {
        assert_eq!(message(confusion_matrix(&confusion, &labels(names), "")), expected);
    }
}

#[test]
fn images_of_the_wrong_size_and_classes_without_a_label_are_refused() {
    let mistake = Mistake { index: 17, label: 9, predicted: 2, probability: 0.9 };
    let short = [(&[0u8; 5][..], mistake)];
    assert_eq!(message(mistakes_grid(&short, 2, 3, &labels(10), "")), "image 17: expected 2 x 3 pixels, found 5");
    let whole = [(&[0u8; 6][..], mistake)];
    assert_eq!(message(mistakes_grid(&whole, 2, 3, &labels(9), "")), "labels for image 17: expected over 9, found 9");
    let rows = [(ClassLabel::new("o"), vec![&[0u8; 4][..], &[0u8; 3][..]])];
    assert_eq!(message(image_grid(&rows, 2, 2, "")), "image 1 of class 0 (o): expected 2 x 2 pixels, found 3");
    let overflowing = [(&[0u8; 6][..], mistake)];
    assert!(mistakes_grid(&overflowing, usize::MAX, 2, &labels(10), "").is_err());
}

#[test]
fn a_picture_larger_than_any_viewer_shows_is_an_error() {
    let pixels = [0u8; 1];
    let rows: Vec<_> = (0..5_000).map(|_| (ClassLabel::new("o"), vec![&pixels[..]; 1_000])).collect();
    let error = image_grid(&rows, 1, 1, "").unwrap().to_png().unwrap_err();
    assert!(matches!(error, ReportError::TooLarge { .. }), "{error}");
}

#[test]
fn a_magnified_image_keeps_its_grey_values() {
    let image: Vec<u8> = (0..16).map(|value| value * 16).collect();
    let picture = image_grid(&[(ClassLabel::new("o"), vec![&image])], 4, 4, "").unwrap();
    let decoded = image::load_from_memory(&picture.to_png().unwrap()).unwrap().to_rgb8();
    for value in &image {
        let found = decoded.pixels().filter(|pixel| pixel.0 == [*value; 3]).count();
        assert!(found >= 64, "{value} is on {found} pixels");
    }
}
