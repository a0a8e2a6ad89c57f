//! What is drawn for one image.

use super::affine::Affine;
use super::{Augmentation, ElasticField, Operation};
use fude_random::{Stream, uniform};

/// The deformation of one image of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deformation {
    /// Where an output pixel `(x, y)` is read: at `(m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5])`, before the
    /// elastic displacement.
    pub matrix: [f32; 6],
    /// From -1 to 1: the share of the way to the darkest (negative) or brightest (positive) 3 x 3 neighbour.
    pub thickness: f32,
    /// What is erased: left, top, right and bottom, the last two exclusive; empty where nothing is.
    pub erased: [u32; 4],
}

impl Deformation {
    /// The third counter word of the elastic coefficients' draws.
    pub(crate) const ELASTIC: u32 = Operation::Elastic as u32;

    /// The deformation of `sample` in `epoch`, for images `height` x `width`.
    pub fn draw(ranges: &Augmentation, seed: u32, epoch: u32, sample: u32, height: usize, width: usize) -> Self {
        let block = |operation: Operation, quad| {
            Stream::Augmentation
                .block(seed, [epoch, sample, operation as u32, quad])
                .map(|word| f64::from(uniform(word)))
        };
        let either_way = |unit: f64, range: f32| (2.0 * unit - 1.0) * f64::from(range);
        let [rotation, scale_x, scale_y, shear] = block(Operation::Affine, 0);
        let [shift_x, shift_y, thickness, erase] = block(Operation::Affine, 1);
        let mirrored = ranges.mirror > 0.0 && block(Operation::Affine, 2)[0] < f64::from(ranges.mirror);
        let across = if mirrored { -1.0 } else { 1.0 };
        let affine = Affine {
            rotation: either_way(rotation, ranges.rotation),
            scale: [across * (1.0 + either_way(scale_x, ranges.scale)), 1.0 + either_way(scale_y, ranges.scale)],
            shear: either_way(shear, ranges.shear),
            shift: [either_way(shift_x, ranges.shift), either_way(shift_y, ranges.shift)],
        };
        let erased = if erase < f64::from(ranges.erase) {
            rectangle(block(Operation::Erase, 0), f64::from(ranges.erase_size), height, width)
        } else {
            [0; 4]
        };
        Self { matrix: affine.matrix(height, width), thickness: either_way(thickness, ranges.thickness) as f32, erased }
    }

    /// The elastic coefficients `[2, K_y, K_x]` of `sample` in `epoch`: uniform, with the field's standard deviation.
    pub fn draw_elastic(field: &ElasticField, seed: u32, epoch: u32, sample: u32, coefficients: &mut Vec<f32>) {
        let count = field.coefficients();
        coefficients.clear();
        for quad in 0..count.div_ceil(4) as u32 {
            let words = Stream::Augmentation.block(seed, [epoch, sample, Operation::Elastic as u32, quad]);
            coefficients.extend(words.map(|word| (2.0 * uniform(word) - 1.0) * field.amplitude));
        }
        coefficients.truncate(count);
    }
}

/// Sides uniform up to `size` of the image's, anywhere inside.
fn rectangle([left, top, wide, high]: [f64; 4], size: f64, height: usize, width: usize) -> [u32; 4] {
    let side = |unit: f64, length: usize| (unit * size * length as f64).ceil().min(length as f64);
    let (w, h) = (side(wide, width), side(high, height));
    let start = |unit: f64, length: usize, side: f64| (unit * (length as f64 - side + 1.0)).floor();
    let (x, y) = (start(left, width, w), start(top, height, h));
    [x, y, x + w, y + h].map(|edge| edge as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_ranges_and_differ_between_samples_and_epochs() {
        let ranges = Augmentation { shift: 2.0, thickness: 0.5, erase: 0.5, erase_size: 0.4, ..Default::default() };
        let draw = |epoch, sample| Deformation::draw(&ranges, 1, epoch, sample, 28, 20);
        assert_eq!(draw(3, 5), draw(3, 5));
        assert_ne!(draw(3, 5), draw(4, 5));
        let all: Vec<Deformation> = (0..2000).map(|sample| draw(0, sample)).collect();
        for one in &all {
            assert!(one.matrix[2].abs() <= 2.0 && one.matrix[5].abs() <= 2.0 && one.thickness.abs() <= 0.5);
            let [left, top, right, bottom] = one.erased;
            assert!(right <= 20 && bottom <= 28 && right - left <= 8 && bottom - top <= 12, "{:?}", one.erased);
        }
        // 1000 expected, four standard deviations are 90.
        let erased = all.iter().filter(|one| one.erased != [0; 4]).count();
        assert!(erased.abs_diff(1000) < 90, "{erased}");
        let mean = all.iter().map(|one| one.matrix[2]).sum::<f32>() / 2000.0;
        assert!(mean.abs() < 0.11, "four standard errors are 0.10: {mean}");
    }

    #[test]
    fn half_of_the_images_are_mirrored_about_their_middle() {
        let ranges = Augmentation { mirror: 0.5, ..Default::default() };
        let matrix = |sample| Deformation::draw(&ranges, 1, 0, sample, 28, 20).matrix;
        let is = |map: [f32; 6]| (0..2000).filter(|&sample| matrix(sample) == map).count();
        // 1000 expected, four standard deviations are 90.
        let count = is([-1.0, 0.0, 19.0, 0.0, 1.0, 0.0]);
        assert_eq!(count + is([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]), 2000);
        assert!(count.abs_diff(1000) < 90, "{count}");
    }

    #[test]
    fn nothing_is_drawn_without_ranges() {
        let still = Deformation::draw(&Augmentation::default(), 1, 0, 7, 28, 28);
        assert_eq!(still, Deformation { matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], thickness: 0.0, erased: [0; 4] });
    }
}
