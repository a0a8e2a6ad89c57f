//! idx files, raw and gzip: images and labels.

#![no_main]

use fude_data::idx;
use std::path::Path;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("file");
    if let Ok(images) = idx::parse_images(bytes, path) {
        assert_eq!(images.pixels.len(), images.n * images.height * images.width);
    }
    let _ = idx::parse_labels(bytes, path);
});
