//! Single idx files.

use crate::fixtures::{folder, gz, idx, idx_images, idx_labels, write};
use fude_data::idx::{parse_images, parse_labels, read_images, read_labels};
use std::path::Path;

/// The message that `bytes` give as images of the file `a.idx`.
fn images_message(bytes: &[u8]) -> String {
    parse_images(bytes, Path::new("a.idx")).expect_err("a bad file").to_string()
}

fn labels_message(bytes: &[u8]) -> String {
    parse_labels(bytes, Path::new("a.idx")).expect_err("a bad file").to_string()
}

#[test]
fn gz_and_raw_files_read_alike_whatever_their_name() {
    let raw = idx_images(5);
    // Downloads often carry the wrong name.
    let dir = folder(&[("raw.gz", raw.clone()), ("packed", gz(&raw)), ("labels", gz(&idx_labels(&[3, 1])))]);
    let images = read_images(&dir.path().join("raw.gz")).unwrap();
    assert_eq!((images.n, images.height, images.width), (5, 2, 3));
    assert_eq!(images.pixels, raw[16..]);
    assert_eq!(read_images(&dir.path().join("packed")).unwrap(), images);
    assert_eq!(read_labels(&dir.path().join("labels")).unwrap(), [3, 1]);
}

#[test]
fn a_missing_file_is_named() {
    let dir = folder(&[]);
    let path = dir.path().join("none");
    let message = read_images(&path).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: ", path.display())), "{message}");
}

#[test]
fn a_wrong_magic_number_is_shown_with_the_expected_one() {
    assert_eq!(
        images_message(&idx(0x0801, &[1, 1, 1], &[0])),
        "a.idx: expected 0x00000803 (idx images) at its start, found 0x00000801"
    );
    assert_eq!(labels_message(b"<html>"), "a.idx: expected 0x00000801 (idx labels) at its start, found 0x3c68746d");
}

#[test]
fn a_truncated_file_is_told_by_its_bytes() {
    let whole = idx_images(4);
    assert_eq!(images_message(&whole[..39]), "a.idx: truncated: expected 40 bytes of content, found 39");
    assert_eq!(images_message(&whole[..10]), "a.idx: truncated: expected 12 bytes of content, found 10");
    assert_eq!(images_message(&[]), "a.idx: truncated: expected 4 bytes of content, found 0");
    assert_eq!(labels_message(&idx_labels(&[1, 2])[..9]), "a.idx: truncated: expected 10 bytes of content, found 9");
}

#[test]
fn a_cut_gz_is_truncated_and_a_damaged_one_is_no_sound_archive() {
    let noise: Vec<u8> = (0..6000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let packed = gz(&idx(0x0803, &[1000, 2, 3], &noise));
    let message = images_message(&packed[..packed.len() / 2]);
    assert!(message.starts_with("a.idx: truncated: expected 6016 bytes of content, found "), "{message}");
    let mut wrong_sum = packed.clone();
    let end = wrong_sum.len() - 6;
    wrong_sum[end] ^= 1;
    let message = images_message(&wrong_sum);
    assert!(message.starts_with("a.idx: expected a sound archive, found: "), "{message}");
}

#[test]
fn trailing_bytes_are_refused_raw_and_packed() {
    let mut bytes = idx_images(2);
    bytes.push(0);
    let expected = "a.idx: oversized: expected 28 bytes of content, found more";
    assert_eq!(images_message(&bytes), expected);
    assert_eq!(images_message(&gz(&bytes)), expected);
}

#[test]
fn impossible_shapes_are_refused_before_anything_is_reserved() {
    let huge = u32::MAX;
    for shape in [[1, 0, 28], [1, 28, 0], [1, 257, 1], [huge, 256, 256], [huge, huge, huge], [40_000, 256, 256]] {
        let message = images_message(&idx(0x0803, &shape, &[]));
        let found = format!("found [{}, {}, {}]", shape[0], shape[1], shape[2]);
        assert!(message.starts_with("a.idx: expected [N, H, W] with H and W from 1 to 256"), "{message}");
        assert!(message.ends_with(&found), "{message}");
    }
    let message = labels_message(&idx(0x0801, &[huge], &[]));
    assert!(message.ends_with("found [4294967295]"), "{message}");
}

#[test]
fn a_promise_of_two_gigabytes_in_sixteen_bytes_is_only_a_truncated_file() {
    let bytes = idx(0x0803, &[32_768, 256, 256], &[]);
    assert_eq!(images_message(&bytes), "a.idx: truncated: expected 2147483664 bytes of content, found 16");
}

#[test]
fn a_gz_bomb_stops_at_the_promised_size() {
    let mut bomb = idx(0x0803, &[1, 28, 28], &[]);
    bomb.resize(50_000_000, 0);
    assert_eq!(images_message(&gz(&bomb)), "a.idx: oversized: expected 800 bytes of content, found more");
}

#[test]
fn raw_checksums_ignore_the_packing() {
    let raw = idx_images(3);
    let dir = folder(&[("raw", raw.clone()), ("packed", gz(&raw))]);
    let sum = fude_data::raw_md5(&dir.path().join("raw")).unwrap();
    assert_eq!(sum, fude_data::images_md5(&parse_images(&raw, Path::new("raw")).unwrap()));
    let packed = dir.path().join("packed");
    fude_data::verify_raw_md5(&packed, &sum.to_uppercase()).unwrap();
    let message = fude_data::verify_raw_md5(&packed, "00").unwrap_err().to_string();
    assert_eq!(message, format!("{}: expected raw content with md5 00, found {sum}", packed.display()));
    let known = write(dir.path(), "hello", b"hello world");
    assert_eq!(fude_data::raw_md5(&known).unwrap(), "5eb63bbbe01eeed093cb22bb8f5acdc3");
}
