//! The measurement that chose the preparation: pictures of a set's images must be recognised as the images are.

#[path = "support/paste.rs"]
mod paste;
#[path = "support/trained.rs"]
mod trained;

use fude_data::Split;
use fude_predict::{Classifier, find_pictures, predict_files};
use paste::{CONDITIONS, Condition, accuracy};
use std::io::Write;
use std::path::{Path, PathBuf};
use trained::trained;

/// The accuracy that a condition may cost.
const TOLERANCE: f64 = 0.01;

fn check<'a>(classifier: &mut Classifier, test: &Split, conditions: impl Iterator<Item = &'a Condition>) {
    let own = accuracy(classifier, test, &CONDITIONS[0]);
    for condition in conditions {
        let found = accuracy(classifier, test, condition);
        assert!(found >= own - TOLERANCE, "{}: {found:.4}, the images themselves {own:.4}", condition.name);
    }
}

#[test]
fn pictures_of_drawn_characters_are_recognised_as_the_images_are() {
    let (mut classifier, test) = trained("kana", 4);
    let some = [1, 3, 5, 6, 8, 10, 12];
    check(&mut classifier, &test.as_ref().clone().first(400), some.iter().map(|&index| &CONDITIONS[index]));
}

#[test]
fn pictures_of_real_characters_are_recognised_as_the_images_are() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FUDE_TEST_DATA").map_or(beside, PathBuf::from).join("kmnist");
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "skipped: no {} (set FUDE_TEST_DATA)", folder.display());
        return;
    }
    let (mut classifier, test) = trained(&folder.display().to_string(), 30);
    // All 1,600: of 400, five images more or less are over a point. Every other condition, for time; the example
    // `round_trip` measures all.
    check(&mut classifier, &test, CONDITIONS.iter().step_by(2));
}

#[test]
fn files_give_predictions_or_errors_in_their_order() {
    let (mut classifier, test) = trained("kana", 1);
    let folder = tempfile::tempdir().unwrap();
    for index in 0..5 {
        let path = folder.path().join(format!("{index}.png"));
        image::save_buffer(&path, test.image(index), 28, 28, image::ExtendedColorType::L8).unwrap();
    }
    std::fs::write(folder.path().join("2b.png"), "no picture").unwrap();
    let paths: Vec<PathBuf> = find_pictures(&[folder.path().to_owned()]).into_iter().map(Result::unwrap).collect();
    let mut found = Vec::new();
    predict_files(&mut classifier, &paths, 3, |path, result| {
        found.push((path.file_stem().unwrap().to_owned(), result.map_err(|error| error.to_string())));
    })
    .unwrap();
    let names: Vec<_> = found.iter().map(|(name, _)| name.to_str().unwrap()).collect();
    assert_eq!(names, ["0", "1", "2", "2b", "3", "4"]);
    let expected = classifier.classify(test.pixels[..5 * 784].to_vec(), 3).unwrap();
    let recognised: Vec<_> = found.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    assert_eq!(recognised.iter().map(|it| it.predictions.clone()).collect::<Vec<_>>(), expected);
    assert!((0..5).all(|index| recognised[index].image == test.image(index)));
    let error = found[3].1.as_ref().unwrap_err();
    assert!(error.contains("2b.png: expected a readable PNG, JPEG or BMP image"), "{error}");
}
