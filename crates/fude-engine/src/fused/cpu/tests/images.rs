//! From bytes to inputs, against the twins: scaled, deformed, mixed.

use super::super::images::Gather;
use super::super::memory::Grid;
use super::super::simd::Level;
use super::super::warp::Warp;
use super::*;
use crate::{Augmentation, Deformation, Deformed};
use fude_kernels::augment;
use fude_model::InputScale;

const EPOCH: u32 = 3;
const SEED: u32 = 11;

fn all_at_once() -> Augmentation {
    Augmentation {
        rotation: 25.0,
        scale: 0.3,
        shear: 0.3,
        shift: 4.0,
        mirror: 0.5,
        elastic: 1.5,
        elastic_sigma: 3.0,
        thickness: 0.8,
        erase: 0.5,
        erase_size: 0.5,
    }
}

/// The twin's image `[H * W]`, 0 to 255.
fn slow(images: &Split, sample: u32, ranges: &Augmentation) -> Vec<f64> {
    let (height, width) = (images.height, images.width);
    let drawn = Deformation::draw(ranges, SEED, EPOCH, sample, height, width);
    let field = ranges.elastic_field(height, width);
    let mut coefficients = Vec::new();
    if let Some(field) = &field {
        Deformation::draw_elastic(field, SEED, EPOCH, sample, &mut coefficients);
    }
    let [rows, columns] = field.map_or([vec![], vec![]], |field| [wide(&field.rows), wide(&field.columns)]);
    let coefficients = wide(&coefficients);
    let field = augment::Field { rows: &rows, columns: &columns, coefficients: &coefficients };
    let how = augment::Deformation {
        matrix: drawn.matrix.map(f64::from),
        field: (!rows.is_empty()).then_some(field),
        thickness: f64::from(drawn.thickness),
        erased: drawn.erased,
    };
    let image: Vec<f64> = images.image(sample as usize).iter().map(|&byte| f64::from(byte)).collect();
    augment::deform(&image, width, &how)
}

fn gather(
    level: Level,
    images: &Split,
    indices: &[u32],
    ranges: Option<&Augmentation>,
    mixed: Option<f32>,
) -> Vec<f32> {
    let warp = ranges.map(|augmentation| Warp::of_view(&Deformed { augmentation, seed: SEED, epoch: EPOCH }, images));
    let mut output = Grid::spread(indices.len(), images.inputs());
    let scale = InputScale { mean: 0.25, std: 0.5 };
    let (rows, warp) = (0..indices.len(), warp.as_ref());
    level.run(Gather { split: images, indices, warp, mixed, scale, output: &output, rows });
    values(&mut output)
}

fn scaled(pixels: &[f64]) -> impl Iterator<Item = f64> + '_ {
    pixels.iter().map(|pixel| (pixel / 255.0 - 0.25) / 0.5)
}

#[test]
fn images_become_scaled_numbers() {
    for (height, width) in [(1, 1), (3, 5), (4, 4), (28, 28)] {
        let images = split(9, height, width, 10);
        let indices = [8, 0, 3];
        let bytes = |&i: &u32| images.image(i as usize).iter().map(|&byte| f64::from(byte)).collect::<Vec<_>>();
        let expected: Vec<f64> = indices.iter().flat_map(|i| scaled(&bytes(i)).collect::<Vec<_>>()).collect();
        for level in Level::available() {
            let got = gather(level, &images, &indices, None, None);
            assert_close(&format!("{level:?}"), &got, &expected, |_| 2e-7);
        }
    }
}

#[test]
fn deformed_images_are_their_twins_at_every_size_and_level() {
    let only = |ranges: Augmentation| Augmentation { elastic_sigma: 4.0, ..ranges };
    let cases = [
        all_at_once(),
        only(Augmentation::default()),
        only(Augmentation { rotation: 180.0, ..Default::default() }),
        only(Augmentation { elastic: 2.0, ..Default::default() }),
        only(Augmentation { thickness: 1.0, ..Default::default() }),
        only(Augmentation { erase: 1.0, erase_size: 1.0, ..Default::default() }),
        only(Augmentation { shift: 60.0, ..Default::default() }),
    ];
    for (height, width) in [(1, 1), (3, 5), (16, 16), (28, 28), (17, 33)] {
        let images = split(6, height, width, 10);
        for ranges in &cases {
            let expected: Vec<f64> =
                [4, 1].iter().flat_map(|&i| scaled(&slow(&images, i, ranges)).collect::<Vec<_>>()).collect();
            for level in Level::available() {
                let got = gather(level, &images, &[4, 1], Some(ranges), None);
                // A position is right to some 2e-5 of a pixel, and neighbours differ by up to 2 in these units.
                assert_close(&format!("{level:?} {height}x{width} {ranges:?}"), &got, &expected, |_| 2e-4);
            }
        }
    }
}

#[test]
fn every_level_deforms_to_the_same_bits_but_one_without_fused_multiply_add() {
    let images = split(6, 28, 28, 10);
    let fused: Vec<Level> = Level::available().into_iter().filter(|&level| level != Level::Portable).collect();
    for pair in fused.windows(2) {
        let [a, b] =
            [pair[0], pair[1]].map(|level| gather(level, &images, &[5, 2, 0], Some(&all_at_once()), Some(0.6)));
        assert!(a == b, "{pair:?}");
    }
}

#[test]
fn mixed_images_take_their_rest_from_the_row_at_the_other_end() {
    let images = split(5, 4, 7, 10);
    let plain = gather(Level::best(), &images, &[2, 0, 4], Some(&all_at_once()), None);
    let expected: Vec<f64> = (0..3 * 28)
        .map(|at| 0.7 * f64::from(plain[at]) + 0.3 * f64::from(plain[(2 - at / 28) * 28 + at % 28]))
        .collect();
    for level in Level::available() {
        let got = gather(level, &images, &[2, 0, 4], Some(&all_at_once()), Some(0.7));
        assert_close(&format!("{level:?}"), &got, &expected, |_| 1e-3);
    }
}
