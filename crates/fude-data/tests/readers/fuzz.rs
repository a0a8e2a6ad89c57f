//! Mutated files: whatever they hold, the readers answer, and keep no more than came out of the file.

use crate::fixtures::{gz, idx_images, idx_labels, npy, npz};
use fude_data::idx::Images;
use fude_data::{DataError, idx, npz as archive};
use proptest::collection::vec;
use proptest::prelude::*;
use std::path::Path;

/// Bytes overwritten, then the end cut off or lengthened.
#[derive(Clone, Debug)]
struct Mutation {
    writes: Vec<(usize, u8)>,
    keep: usize,
    extra: Vec<u8>,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let writes = vec((0usize..4096, any::<u8>()), 0..6);
    let keep = prop_oneof![3 => Just(usize::MAX), 1 => 0usize..400];
    (writes, keep, vec(any::<u8>(), 0..4)).prop_map(|(writes, keep, extra)| Mutation { writes, keep, extra })
}

impl Mutation {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for &(at, value) in &self.writes {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(self.keep);
        bytes.extend(&self.extra);
        bytes
    }
}

/// Deflate packs at most 1,032 to one; a vector at most doubles when it grows.
fn assert_bounded(kept: usize, file: usize) {
    assert!(kept <= 2 * 1032 * file + 64, "{kept} bytes reserved for a file of {file}");
}

fn check_images(result: Result<Images, DataError>, file: usize) {
    match result {
        Ok(images) => {
            assert_eq!(images.pixels.len(), images.n * images.height * images.width);
            assert_bounded(images.pixels.capacity(), file);
        }
        Err(error) => assert!(error.to_string().starts_with("a: "), "{error}"),
    }
}

fn check_labels(result: Result<Vec<u8>, DataError>, file: usize) {
    match result {
        Ok(labels) => assert_bounded(labels.capacity(), file),
        Err(error) => assert!(error.to_string().starts_with("a: "), "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_idx_files_never_panic(mutation in mutation(), packed in any::<bool>()) {
        let pack = |bytes: Vec<u8>| if packed { gz(&bytes) } else { bytes };
        let images = mutation.apply(pack(idx_images(8)));
        check_images(idx::parse_images(&images, Path::new("a")), images.len());
        let labels = mutation.apply(pack(idx_labels(&[1; 50])));
        check_labels(idx::parse_labels(&labels, Path::new("a")), labels.len());
    }

    #[test]
    fn mutated_content_inside_a_sound_gz_never_panics(mutation in mutation()) {
        let images = gz(&mutation.apply(idx_images(8)));
        check_images(idx::parse_images(&images, Path::new("a")), images.len());
    }

    #[test]
    fn mutated_npz_files_never_panic(mutation in mutation()) {
        let images = mutation.apply(npz("arr_0.npy", &npy("|u1", "(8, 2, 3)", &[7; 48])));
        check_images(archive::parse_images(&images, Path::new("a")), images.len());
        let labels = mutation.apply(npz("arr_0.npy", &npy("<i8", "(8,)", &[0; 64])));
        check_labels(archive::parse_labels(&labels, Path::new("a")), labels.len());
    }

    #[test]
    fn mutated_arrays_inside_a_sound_npz_never_panic(mutation in mutation()) {
        let images = npz("arr_0.npy", &mutation.apply(npy("|u1", "(8, 2, 3)", &[7; 48])));
        check_images(archive::parse_images(&images, Path::new("a")), images.len());
        let labels = npz("arr_0.npy", &mutation.apply(npy("<i8", "(8,)", &[0; 64])));
        check_labels(archive::parse_labels(&labels, Path::new("a")), labels.len());
    }
}
