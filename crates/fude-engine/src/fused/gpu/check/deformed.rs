//! The twin of `deform`: a step's inputs as floats.

use super::close::Expected;
use super::stage::{STEP, Stage};
use crate::augment::Deformation;
use crate::{Augmentation, ElasticField};
use fude_kernels::augment::{Deformation as Twin, Field, deform};

/// The inputs `[B, I + 1]` of one model's step.
pub(super) fn inputs(stage: &Stage, model: usize) -> Vec<Expected> {
    let case = stage.case;
    let (factor, term) = case.model.input.of_bytes();
    let rows: Vec<Vec<Expected>> =
        stage.plans[model].rows(STEP).iter().map(|&sample| pixels(stage, model, sample)).collect();
    let share = case.mixed.map_or(1.0, f64::from);
    let mut all = Vec::new();
    for (row, own) in rows.iter().enumerate() {
        let partner = &rows[rows.len() - 1 - row];
        for (own, partner) in own.iter().zip(partner) {
            let byte = share * own.value + (1.0 - share) * partner.value;
            let value = byte * f64::from(factor) + f64::from(term);
            let off = share * own.tolerance + (1.0 - share) * partner.tolerance;
            let tolerance = off * f64::from(factor) + 3e-7 * (value.abs() + f64::from(term).abs()) + 1e-30;
            all.push(Expected { value, tolerance });
        }
        all.push(Expected { value: 1.0, tolerance: 0.0 });
    }
    all
}

/// One image's pixels, deformed, from 0 to 255.
fn pixels(stage: &Stage, model: usize, sample: u32) -> Vec<Expected> {
    let image: Vec<f64> = stage.images.image(sample as usize).iter().map(|&byte| f64::from(byte)).collect();
    let Some(ranges) = &stage.case.augmentation else {
        return image.into_iter().map(|value| Expected { value, tolerance: 0.0 }).collect();
    };
    let [height, width] = stage.case.image;
    let plan = &stage.plans[model];
    let drawn = Deformation::draw(ranges, plan.seed, plan.epoch, sample, height, width);
    let field = ranges.elastic_field(height, width);
    let mut coefficients = Vec::new();
    if let Some(field) = &field {
        Deformation::draw_elastic(field, plan.seed, plan.epoch, sample, &mut coefficients);
    }
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    let (rows, columns) = field.as_ref().map_or((Vec::new(), Vec::new()), |f| (wide(&f.rows), wide(&f.columns)));
    let coefficients = wide(&coefficients);
    let twin = Twin {
        matrix: drawn.matrix.map(f64::from),
        field: field.as_ref().map(|_| Field { rows: &rows, columns: &columns, coefficients: &coefficients }),
        thickness: f64::from(drawn.thickness),
        erased: drawn.erased,
    };
    let tolerance = position_error(ranges, field.as_ref(), height, width) * 2.0 * 255.0 + 1e-4;
    deform(&image, width, &twin).into_iter().map(|value| Expected { value, tolerance }).collect()
}

/// What a position may be off by: rounding of sums whose terms are as large as the image, and of the displacement's. A
/// pixel changes by at most the neighbours' difference for each pixel of position, along each axis; thickness may double
/// that.
fn position_error(ranges: &Augmentation, field: Option<&ElasticField>, height: usize, width: usize) -> f64 {
    let terms = field.map_or(0, |field| field.row_points + field.column_points) as f64;
    let size = (height + width) as f64 * (1.0 + f64::from(ranges.scale + ranges.shear)) + f64::from(ranges.shift);
    4.0 * f64::from(f32::EPSILON) * (size + terms * f64::from(ranges.elastic) * 3.0)
}
