//! Single npz files.

use crate::fixtures::{npy, npz};
use fude_data::npz::{parse_images, parse_labels};
use std::path::Path;

fn images_message(npy: &[u8]) -> String {
    parse_images(&npz("arr_0.npy", npy), Path::new("a.npz")).expect_err("a bad file").to_string()
}

fn labels(descr: &str, n: usize, content: &[u8]) -> Result<Vec<u8>, String> {
    let bytes = npz("arr_0.npy", &npy(descr, &format!("({n},)"), content));
    parse_labels(&bytes, Path::new("a.npz")).map_err(|error| error.to_string())
}

#[test]
fn images_are_read_from_versions_1_and_2() {
    let content: Vec<u8> = (0..12).collect();
    let version_1 = npy("|u1", "(2, 2, 3)", &content);
    let images = parse_images(&npz("arr_0.npy", &version_1), Path::new("a.npz")).unwrap();
    assert_eq!((images.n, images.height, images.width, &images.pixels), (2, 2, 3, &content));
    let mut version_2 = b"\x93NUMPY\x02\x00".to_vec();
    version_2.extend_from_slice(&version_1[8..10]);
    version_2.extend_from_slice(&[0, 0]);
    version_2.extend_from_slice(&version_1[10..]);
    assert_eq!(parse_images(&npz("arr_0.npy", &version_2), Path::new("a.npz")).unwrap(), images);
}

#[test]
fn labels_of_every_integer_type_are_read() {
    assert_eq!(labels("|u1", 2, &[7, 200]).unwrap(), [7, 200]);
    assert_eq!(labels("<i8", 1, &48i64.to_le_bytes()).unwrap(), [48]);
    assert_eq!(labels(">i4", 1, &48i32.to_be_bytes()).unwrap(), [48]);
    assert_eq!(labels("<u2", 2, &[9, 0, 255, 0]).unwrap(), [9, 255]);
}

#[test]
fn labels_beyond_a_byte_are_refused_with_their_position() {
    let expected = |label: i128| format!("a.npz: label 1: expected 0 to 255, found {label}");
    assert_eq!(labels("<i2", 2, &[0, 0, 255, 255]).unwrap_err(), expected(-1));
    assert_eq!(labels("<u2", 2, &[0, 0, 0, 1]).unwrap_err(), expected(256));
    let far = [0u64.to_le_bytes(), u64::MAX.to_le_bytes()].concat();
    assert_eq!(labels("<u8", 2, &far).unwrap_err(), expected(i128::from(u64::MAX)));
}

#[test]
fn other_types_orders_and_shapes_are_named() {
    let table = [
        ("<f4", "(1, 1, 1)", "expected an array [N, H, W] of type |u1, found shape [1, 1, 1] of type <f4"),
        ("|u1", "(4, 4)", "expected an array [N, H, W] of type |u1, found shape [4, 4] of type |u1"),
        ("|u1", "(1, 300, 1)", "and at most 2147483648 bytes, found [1, 300, 1]"),
        ("|u1", "(-1, 2, 3)", "expected an npy header with descr, fortran_order False and shape, found {'descr'"),
    ];
    for (descr, shape, part) in table {
        let message = images_message(&npy(descr, shape, &[0]));
        assert!(message.starts_with("a.npz: expected") && message.contains(part), "{message}");
    }
    let fortran = String::from_utf8_lossy(&npy("|u1", "(1, 1, 1)", &[0])[10..]).replace("False", "True ");
    let mut bytes = npy("|u1", "(1, 1, 1)", &[0]);
    bytes.splice(10.., fortran.bytes());
    assert!(images_message(&bytes).contains("fortran_order False"));
    assert!(labels("<f8", 1, &[0; 8]).unwrap_err().contains("expected an array [N] of integers, found shape [1]"));
}

#[test]
fn truncated_oversized_and_foreign_arrays_are_refused() {
    let whole = npy("|u1", "(1, 2, 3)", &[1; 6]);
    assert!(images_message(&whole[..whole.len() - 1]).starts_with("a.npz: truncated: expected "));
    let long = [whole.clone(), vec![0]].concat();
    assert!(images_message(&long).starts_with("a.npz: oversized: expected "));
    assert_eq!(images_message(b"PK\x03\x04rubbish"), r"a.npz: expected '\x93NUMPY' at its start, found 'PK\x03\x04ru'");
    assert_eq!(images_message(b"\x93NUMPY\x09\x00"), "a.npz: expected npy version 1.0, 2.0 or 3.0, found 9.0");
    let endless = images_message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff");
    assert_eq!(endless, "a.npz: expected an npy header of at most 65536 bytes, found 4294967295");
}

#[test]
fn a_zip_bomb_stops_at_the_promised_size() {
    let bomb = npy("|u1", "(1, 28, 28)", &vec![0; 50_000_000]);
    assert!(images_message(&bomb).starts_with("a.npz: oversized: expected "));
}

#[test]
fn what_is_no_archive_or_lacks_the_array_is_refused() {
    let path = Path::new("a.npz");
    let message = parse_images(b"no zip", path).unwrap_err().to_string();
    assert!(message.starts_with("a.npz: expected a sound archive, found: "), "{message}");
    let other = npz("other.npy", &npy("|u1", "(1, 1, 1)", &[0]));
    let message = parse_images(&other, path).unwrap_err().to_string();
    assert_eq!(message, "a.npz: expected an array arr_0.npy, found none of that name");
}

#[test]
fn a_flipped_pixel_is_found_by_the_archive_itself() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("arr_0.npy", stored).unwrap();
    std::io::Write::write_all(&mut archive, &npy("|u1", "(1, 2, 3)", b"PIXELS")).unwrap();
    let mut bytes = archive.finish().unwrap().into_inner();
    let at = bytes.windows(6).position(|window| window == b"PIXELS").unwrap();
    bytes[at] ^= 1;
    let message = parse_images(&bytes, Path::new("a.npz")).unwrap_err().to_string();
    assert!(message.starts_with("a.npz: expected a sound archive, found: "), "{message}");
}
