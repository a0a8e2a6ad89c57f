//! Small data sets in every form, and experiments that train on them in no time.

use crate::home::Home;
use flate2::{Compression, write::GzEncoder};
use std::io::{Cursor, Write};

/// Classes of the made-up images.
pub(crate) const CLASSES: u8 = 10;
const SIDE: usize = 28;

/// Labels 0 to 9 in turn.
pub(crate) fn labels(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % usize::from(CLASSES)) as u8).collect()
}

/// Noise with a bright bar whose place tells the class: `[N, 28, 28]`.
pub(crate) fn pixels(n: usize, salt: u32) -> Vec<u8> {
    let mut state = salt.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut noise = move || {
        // Numerical Recipes' quick generator: any noise will do.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut pixels = Vec::with_capacity(n * SIDE * SIDE);
    for label in labels(n) {
        let bar = 2 * usize::from(label) + 4..2 * usize::from(label) + 6;
        for row in 0..SIDE {
            pixels.extend((0..SIDE).map(|_| if bar.contains(&row) { 128 + noise() / 2 } else { noise() / 2 }));
        }
    }
    pixels
}

/// An idx file: magic number, shape, content.
pub(crate) fn idx(magic: u32, shape: &[u32], content: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    bytes.extend(shape.iter().flat_map(|axis| axis.to_be_bytes()));
    bytes.extend(content);
    bytes
}

pub(crate) fn idx_images(n: usize, salt: u32) -> Vec<u8> {
    idx(0x0803, &[n as u32, SIDE as u32, SIDE as u32], &pixels(n, salt))
}

pub(crate) fn idx_labels(n: usize) -> Vec<u8> {
    idx(0x0801, &[n as u32], &labels(n))
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// An npz file as KMNIST's are: one array of u8.
pub(crate) fn npz(shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.as_bytes());
    npy.extend(content);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("arr_0.npy", zip::write::SimpleFileOptions::default()).expect("a new entry");
    archive.write_all(&npy).expect("memory takes every byte");
    archive.finish().expect("memory takes every byte").into_inner()
}

/// A grey PNG of one of the made-up images.
pub(crate) fn png(class: u8, salt: u32) -> Vec<u8> {
    let image = pixels(usize::from(class) + 1, salt).split_off(usize::from(class) * SIDE * SIDE);
    let image = image::GrayImage::from_raw(SIDE as u32, SIDE as u32, image).expect("28x28 pixels");
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).expect("an encodable picture");
    bytes.into_inner()
}

impl Home {
    /// `images/` with a training pair of `train` images, and a test pair unless `test` is 0.
    pub(crate) fn idx_folder(&self, train: usize, test: usize) {
        self.write("images/train-images-idx3-ubyte", idx_images(train, 1));
        self.write("images/train-labels-idx1-ubyte", idx_labels(train));
        if test > 0 {
            self.write("images/t10k-images-idx3-ubyte", idx_images(test, 2));
            self.write("images/t10k-labels-idx1-ubyte", idx_labels(test));
        }
    }

    /// `small.toml`: two epochs of a small network on `images/`, with these lines added.
    pub(crate) fn small_experiment(&self, more: &str) {
        let text = "name = \"small\"\ndataset = \"images\"\nmodel.hidden = [16]\ntrain.epochs = 2\ntrain.batch = 32\n";
        self.write("small.toml", format!("{text}{more}\n"));
    }

    /// A home with 400 + 100 images and `small.toml`.
    pub(crate) fn with_small_experiment(more: &str) -> Self {
        let home = Self::new();
        home.idx_folder(400, 100);
        home.small_experiment(more);
        home
    }
}
