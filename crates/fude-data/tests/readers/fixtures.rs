//! Small files of every form.

use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An idx file: magic number, shape, content.
pub(crate) fn idx(magic: u32, shape: &[u32], content: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    bytes.extend(shape.iter().flat_map(|axis| axis.to_be_bytes()));
    bytes.extend(content);
    bytes
}

/// `n` images of 2x3 pixels, all different.
pub(crate) fn idx_images(n: u32) -> Vec<u8> {
    idx(0x0803, &[n, 2, 3], &(0..n * 6).map(|i| (i * 7 % 251) as u8).collect::<Vec<u8>>())
}

pub(crate) fn idx_labels(labels: &[u8]) -> Vec<u8> {
    idx(0x0801, &[labels.len() as u32], labels)
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// A version 1 npy file.
pub(crate) fn npy(descr: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(content);
    bytes
}

/// An archive with one deflated entry.
pub(crate) fn npz(entry: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(entry, zip::write::SimpleFileOptions::default()).expect("a new entry");
    archive.write_all(content).expect("memory takes every byte");
    archive.finish().expect("memory takes every byte").into_inner()
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        write(dir.path(), name, bytes);
    }
    dir
}

/// Writes `dir/name`, with the folders above it.
pub(crate) fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a new folder");
    std::fs::write(&path, bytes).expect("a new file");
    path
}

/// A grey PNG of one value.
pub(crate) fn png(width: u32, height: u32, value: u8) -> Vec<u8> {
    encode(&image::GrayImage::from_pixel(width, height, image::Luma([value])).into(), image::ImageFormat::Png)
}

pub(crate) fn encode(picture: &image::DynamicImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("an encodable picture");
    bytes.into_inner()
}

/// The official training pair with `n` images of ten classes.
pub(crate) fn train_files(n: u32) -> Vec<(&'static str, Vec<u8>)> {
    let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
    vec![("train-images-idx3-ubyte.gz", gz(&idx_images(n))), ("train-labels-idx1-ubyte.gz", gz(&idx_labels(&labels)))]
}

/// The official test pair with one image a label.
pub(crate) fn test_files(labels: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![("t10k-images-idx3-ubyte", idx_images(labels.len() as u32)), ("t10k-labels-idx1-ubyte", idx_labels(labels))]
}
