//! Folders of pictures, one sub-folder a class.

use crate::fixtures::{encode, folder, png, write};
use fude_data::{LoadOptions, load_dir};
use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};

fn whole() -> LoadOptions {
    LoadOptions { test_fraction: 0.0, ..LoadOptions::default() }
}

#[test]
fn classes_are_numbered_by_name_and_images_come_one_of_each_in_turn() {
    let dir = folder(&[
        ("dog/2.png", png(28, 28, 22)),
        ("dog/1.png", png(28, 28, 21)),
        ("cat/b.PNG", png(28, 28, 12)),
        ("cat/a.png", png(28, 28, 11)),
        ("cat/c.png", png(28, 28, 13)),
        (".hidden/x.png", vec![]),
        ("dog/.DS_Store", vec![]),
        ("dog/._1.png", vec![]),
    ]);
    let set = load_dir(dir.path(), &whole()).unwrap();
    assert_eq!(set.classes, ["cat", "dog"]);
    assert_eq!(set.train.labels, [0, 1, 0, 1, 0]);
    let first: Vec<u8> = (0..5).map(|i| set.train.image(i)[0]).collect();
    assert_eq!(first, [11, 21, 12, 22, 13]);
    assert_eq!((set.train.height, set.train.width), (28, 28));
    assert_eq!(set.notes.len(), 1, "only the missing test split: {:?}", set.notes);
}

#[test]
fn pictures_of_any_size_and_colour_become_grey_squares() {
    let red = DynamicImage::from(RgbImage::from_pixel(60, 40, image::Rgb([255, 0, 0])));
    let half = DynamicImage::from(RgbaImage::from_pixel(5, 5, image::Rgba([255, 255, 255, 128])));
    let dir = folder(&[
        ("a/1.bmp", encode(&red, ImageFormat::Bmp)),
        ("a/2.jpeg", encode(&red, ImageFormat::Jpeg)),
        ("a/3.png", encode(&half, ImageFormat::Png)),
    ]);
    let set = load_dir(dir.path(), &LoadOptions { size: Some(16), ..whole() }).unwrap();
    assert_eq!((set.train.height, set.train.width, set.train.pixels.len()), (16, 16, 3 * 256));
    // Rec. 709 luminance of full red is 0.2126 * 255 = 54; JPEG rounds a little.
    assert!(set.train.image(0).iter().all(|&pixel| pixel == 54), "{:?}", &set.train.image(0)[..16]);
    assert!(set.train.image(1).iter().all(|&pixel| pixel.abs_diff(54) <= 2), "{:?}", &set.train.image(1)[..16]);
    assert!(set.train.image(2).iter().all(|&pixel| pixel == 128), "transparency shows the dark ground");
}

#[test]
fn a_broken_picture_is_named() {
    let dir = folder(&[("a/1.png", png(4, 4, 1))]);
    let broken = write(dir.path(), "a/2.png", &png(28, 28, 9)[..40]);
    let message = load_dir(dir.path(), &whole()).unwrap_err().to_string();
    let expected = format!("{}: expected a readable PNG, JPEG or BMP image, found: ", broken.display());
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn a_picture_that_promises_gigapixels_is_refused() {
    let mut bomb = png(28, 28, 0);
    // IHDR: length 4, name 4, then width and height; its checksum follows 13 bytes of content.
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let sum = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.to_be_bytes());
    let message = load_dir(folder(&[("a/1.png", bomb)]).path(), &whole()).unwrap_err().to_string();
    assert!(message.contains("limit"), "{message}");
}

/// The checksum of PNG chunks, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

#[test]
fn train_and_test_folders_are_read_as_such() {
    let dir = folder(&[
        ("train/a/1.png", png(28, 28, 1)),
        ("train/b/1.png", png(28, 28, 2)),
        ("test/b/1.png", png(28, 28, 3)),
        ("test/b/notes.txt", vec![]),
    ]);
    let set = load_dir(dir.path(), &LoadOptions::default()).unwrap();
    assert_eq!((set.classes, set.train.labels), (vec!["a".to_owned(), "b".to_owned()], vec![0, 1]));
    assert_eq!(set.test.map(|test| test.labels), Some(vec![1]));
    assert_eq!(set.notes.len(), 1);
    assert!(set.notes[0].starts_with("1 entries in "), "{:?}", set.notes);
}

#[test]
fn a_test_class_that_was_never_trained_is_refused() {
    let dir = folder(&[("train/a/1.png", png(28, 28, 1)), ("test/b/1.png", png(28, 28, 3))]);
    let message = load_dir(dir.path(), &LoadOptions::default()).unwrap_err().to_string();
    assert!(message.ends_with("expected a class that has training images (a), found the class b"), "{message}");
}

#[test]
fn a_class_without_pictures_is_refused() {
    let dir = folder(&[("a/1.png", png(28, 28, 1)), ("b/notes.txt", vec![])]);
    let message = load_dir(dir.path(), &LoadOptions::default()).unwrap_err().to_string();
    assert_eq!(message, format!("{}: expected at least one image, found none", dir.path().join("b").display()));
}

#[cfg(unix)]
#[test]
fn a_class_name_of_two_lines_is_refused() {
    let dir = folder(&[("a\nb/1.png", png(28, 28, 1))]);
    let message = load_dir(dir.path(), &whole()).unwrap_err().to_string();
    assert!(message.contains("without control characters, found \"a\\nb\""), "{message}");
}
