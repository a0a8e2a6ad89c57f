//! Tests that hold for every picture: nothing is cut, no text covers another, and every picture can be painted.

use crate::mark::{Area, Mark, Text};
use crate::picture::PIXELS_PER_UNIT;
use crate::{ClassLabel, Glyph, Picture, confusion_matrix, image_grid, learning_curve, mistakes_grid};
use fude_record::{EpochRecord, Mistake};

fn texts(picture: &Picture) -> Vec<&Text> {
    picture.marks.iter().filter_map(|mark| if let Mark::Text(text) = mark { Some(text) } else { None }).collect()
}

fn overlap(a: Area, b: Area) -> bool {
    a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom()
}

/// The space that a mark needs.
fn area(mark: &Mark) -> Area {
    let units = |pixels: usize| pixels as f32 / PIXELS_PER_UNIT as f32;
    match mark {
        Mark::Rect { area, .. } | Mark::Glyph { area, .. } => *area,
        Mark::Text(text) => text.area(),
        Mark::Image { at, zoom, width, grey } => {
            Area::new(at[0], at[1], units(width * zoom), units(grey.len() / width * zoom))
        }
        Mark::Disc { centre, radius, .. } => {
            Area::new(centre[0] - radius, centre[1] - radius, 2.0 * radius, 2.0 * radius)
        }
        Mark::Line { points, .. } => {
            let ends = |axis: usize| {
                let along = points.iter().map(|point| point[axis]);
                along.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
            };
            let ((left, right), (top, bottom)) = (ends(0), ends(1));
            Area::new(left, top, right - left, bottom - top)
        }
    }
}

fn assert_legible(name: &str, picture: &Picture) {
    let (width, height) = picture.size();
    let [width, height] = [width, height].map(|pixels| pixels as f32 / PIXELS_PER_UNIT as f32);
    for mark in &picture.marks {
        let area = area(mark);
        let inside =
            area.left >= 4.0 && area.top >= 4.0 && area.right() <= width - 4.0 && area.bottom() <= height - 4.0;
        assert!(inside, "{name}: {area:?} is cut at {width} x {height}: {mark:?}");
    }
    let texts: Vec<(&str, Area)> = texts(picture).iter().map(|text| (&text.content[..], text.area())).collect();
    for (index, (one, a)) in texts.iter().enumerate() {
        for (other, b) in &texts[..index] {
            assert!(!overlap(*a, *b), "{name}: '{one}' and '{other}' overlap");
        }
    }
}

/// Painting takes longer than everything else together, so only some pictures of a kind are.
fn assert_painted(name: &str, picture: &Picture) {
    let png = picture.to_png().unwrap();
    let decoded = image::load_from_memory_with_format(&png, image::ImageFormat::Png).unwrap();
    assert_eq!((decoded.width(), decoded.height()), picture.size(), "{name}");
}

const LONG: &str =
    "a very long name with spaces and more words than any picture has room for, äöü, and so on and so forth";

fn labels(count: usize, name: &str, glyph: bool) -> Vec<ClassLabel> {
    let glyph = glyph.then(|| Glyph::new(5, vec![200; 25]).unwrap());
    (0..count).map(|class| ClassLabel { name: format!("{name}{class}"), glyph: glyph.clone() }).collect()
}

fn records(epochs: u32, loss: impl Fn(f64) -> f64) -> Vec<EpochRecord> {
    let record = |epoch: u32| {
        let value = loss(f64::from(epoch));
        EpochRecord {
            epoch,
            train_loss: value,
            train_accuracy: 1.0 - 0.1 / f64::from(epoch),
            val_loss: Some(value * 1.01),
            val_accuracy: Some(1.0),
            test_loss: Some(value * 1.02),
            test_accuracy: Some(0.999),
            learning_rate: 1e-3,
            seconds: 1.0,
            layers: vec![],
        }
    };
    (1..=epochs).map(record).collect()
}

#[test]
fn learning_curves_are_legible() {
    type Loss = fn(f64) -> f64;
    let table: [(&str, u32, Loss); 9] = [
        ("no epochs", 0, |_| 1.0),
        ("one epoch", 1, |_| 0.7),
        ("three epochs", 3, |t| 1.0 / t),
        ("500 epochs", 500, |t| 0.7 * t.powf(-0.8)),
        ("a million in all", 1_000, |t| t),
        ("constant", 40, |_| 0.123_456),
        ("not a number", 5, |_| f64::NAN),
        ("infinite in between", 9, |t| if t == 4.0 { f64::INFINITY } else { t }),
        ("out of all bounds", 9, |t| 1e-150 * 1e30f64.powf(t)),
    ];
    for (name, epochs, loss) in table {
        for best in [None, Some(1), Some(epochs), Some(u32::MAX)] {
            assert_legible(name, &learning_curve(&records(epochs, loss), best, LONG));
        }
        assert_painted(name, &learning_curve(&records(epochs, loss), Some(2), LONG));
    }
}

#[test]
fn curves_show_only_the_splits_that_were_measured() {
    let mut records = records(3, |t| 1.0 / t);
    for record in &mut records {
        (record.val_loss, record.val_accuracy) = (None, None);
    }
    let picture = learning_curve(&records, Some(2), "t");
    let words: Vec<&str> = texts(&picture).iter().map(|text| text.content.as_str()).collect();
    assert!(words.contains(&"train") && words.contains(&"test") && words.contains(&"best: epoch 2"), "{words:?}");
    assert!(!words.contains(&"validation"), "{words:?}");
    assert!(words.contains(&"96.7 %") && words.contains(&"0.333"), "the last values are missing: {words:?}");
}

#[test]
fn a_run_of_twenty_thousand_epochs_is_drawn() {
    let picture = learning_curve(&records(20_000, |t| 1.0 / t), None, "long");
    assert_legible("20,000 epochs", &picture);
    assert_painted("20,000 epochs", &picture);
}

#[test]
fn confusion_matrices_are_legible() {
    for classes in [0, 1, 2, 10, 20, 21, 49, 50, 256] {
        for (name, glyph) in [("", false), ("x", true), (LONG, false), (LONG, true), ("あ", true)] {
            let count = |row: usize, column: usize| if row == column { 1000 } else { (row * 7 + column) as u32 % 13 };
            let counts: Vec<Vec<u32>> =
                (0..classes).map(|row| (0..classes).map(|column| count(row, column)).collect()).collect();
            let picture = confusion_matrix(&counts, &labels(classes, name, glyph), LONG).unwrap();
            assert_legible(&format!("{classes} classes, '{name}', glyph {glyph}"), &picture);
        }
    }
}

#[test]
fn every_size_of_confusion_matrix_is_painted() {
    for classes in [0, 1, 10, 49] {
        let picture = confusion_matrix(&vec![vec![7; classes]; classes], &labels(classes, "c", true), "t").unwrap();
        assert_painted(&format!("{classes} classes"), &picture);
    }
}

#[test]
fn huge_counts_stay_within_their_cells() {
    for classes in [1, 2, 10, 20, 49] {
        let counts = vec![vec![u32::MAX; classes]; classes];
        let picture = confusion_matrix(&counts, &labels(classes, "c", false), "huge").unwrap();
        assert_legible(&format!("{classes} classes"), &picture);
    }
}

#[test]
fn every_count_is_written_up_to_49_classes() {
    let counts: Vec<Vec<u32>> = (0..49).map(|row| (0..49).map(|column| 1 + row * 49 + column).collect()).collect();
    let picture = confusion_matrix(&counts, &labels(49, "k", false), "k49").unwrap();
    let texts = texts(&picture);
    for count in counts.iter().flatten().map(u32::to_string) {
        let text = texts.iter().find(|text| text.content == count).unwrap_or_else(|| panic!("{count} is missing"));
        assert!(text.size >= 6.5, "{count} is written at {} units", text.size);
    }
}

#[test]
fn mistakes_are_legible() {
    for (height, width) in [(28, 28), (1, 1), (3, 90), (200, 7), (256, 256)] {
        for (name, glyph) in [("o", true), (LONG, true), ("", false)] {
            for count in [0, 1, 7, 40, 60] {
                let pixels = vec![9; height * width];
                let probability = if count == 7 { f64::NAN } else { 1.0 };
                let mistake = |index: usize| Mistake { index, label: 3, predicted: (index % 10) as u8, probability };
                let mistakes: Vec<(&[u8], Mistake)> = (0..count).map(|index| (&pixels[..], mistake(index))).collect();
                let picture = mistakes_grid(&mistakes, height, width, &labels(10, name, glyph), LONG).unwrap();
                assert_legible(&format!("{count} of {height} x {width}, '{name}'"), &picture);
                if (count, height, name) == (7, 28, "o") {
                    assert_painted("mistakes", &picture);
                }
                let images = picture.marks.iter().filter(|mark| matches!(mark, Mark::Image { .. })).count();
                assert_eq!(images, count.min(40));
            }
        }
    }
}

#[test]
fn samples_of_a_data_set_are_legible() {
    for (height, width) in [(28, 28), (1, 1), (5, 120)] {
        for (classes, columns) in [(0, 0), (3, 0), (1, 1), (10, 12), (49, 20)] {
            for (name, glyph) in [("o", true), (LONG, true)] {
                let pixels = vec![99; height * width];
                let row = |class: usize| vec![&pixels[..]; if class == 1 { 0 } else { columns }];
                let rows: Vec<_> =
                    labels(classes, name, glyph).into_iter().enumerate().map(|(c, l)| (l, row(c))).collect();
                let picture = image_grid(&rows, height, width, LONG).unwrap();
                assert_legible(&format!("{classes} x {columns} of {height} x {width}"), &picture);
                if (classes, height, name) == (10, 28, "o") {
                    assert_painted("samples", &picture);
                }
            }
        }
    }
}
