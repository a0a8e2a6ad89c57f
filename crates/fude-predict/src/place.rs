//! Puts the ink of a picture where a data set has it.

use crate::ink::Ink;
use crate::resample::{Axis, Taps};
use fude_data::{Centre, Grey, Placement, reach};

/// Placed pixels below so many deviations of what noise is left in them are ground.
const OVER_NOISE: f32 = 2.0;

/// The image `[height, width]` that the data set would have of this ink.
pub(crate) fn place(grey: &Grey, ink: &Ink, placement: &Placement, [height, width]: [usize; 2]) -> Vec<u8> {
    let [left, top, right, bottom] = ink.bounds;
    let step = (right - left).max(bottom - top) / placement.side;
    let [x, y] = match placement.centre {
        Centre::Box => [(left + right) / 2.0, (top + bottom) / 2.0],
        Centre::Mass => ink.mass,
    };
    // Soft edges reach a little beyond the box; specks further away do not count.
    let around = |low: f32, high: f32, end: usize| {
        ((low - step).floor().max(0.0) as usize, ((high + step).ceil() as usize).min(end))
    };
    let (columns, rows) = (around(left, right, grey.width), around(top, bottom, grey.height));
    let columns = Axis { step, from: x, to: placement.x }.taps(width, columns.0, columns.1);
    let rows = Axis { step, from: y, to: placement.y }.taps(height, rows.0, rows.1);
    let strength = resample(grey, ink, &rows, &columns);
    // White noise falls with the number of pixels that are averaged.
    let noise = ink.noise / step.max(1.0);
    levels(strength, OVER_NOISE * noise, placement)
}

/// The picture with its ink where it is and the data set's grey values.
pub(crate) fn relevel(grey: &Grey, ink: &Ink, placement: &Placement) -> Vec<u8> {
    let place = |at: usize| (at % grey.width, at / grey.width);
    let strength = |(at, &value): (usize, &u8)| ink.strength(place(at).0, place(at).1, value);
    levels(grey.pixels.iter().enumerate().map(strength).collect(), OVER_NOISE * ink.noise, placement)
}

/// The ink's strength in each pixel of the output.
fn resample(grey: &Grey, ink: &Ink, rows: &[Taps], columns: &[Taps]) -> Vec<f32> {
    let first = columns.iter().map(|taps| taps.first).min().unwrap_or(0);
    let end = columns.iter().map(|taps| taps.first + taps.weights.len()).max().unwrap_or(0).max(first);
    let mut line = vec![0.0f32; end - first];
    let mut output = Vec::with_capacity(rows.len() * columns.len());
    for row in rows {
        line.fill(0.0);
        for (y, &weight) in (row.first..).zip(&row.weights) {
            let pixels = &grey.pixels[y * grey.width..][first..end];
            for ((sum, &value), x) in line.iter_mut().zip(pixels).zip(first..) {
                *sum += weight * ink.strength(x, y, value);
            }
        }
        output.extend(columns.iter().map(|taps| {
            let values = &line[(taps.first - first).min(line.len())..];
            taps.weights.iter().zip(values).map(|(weight, value)| weight * value).sum::<f32>()
        }));
    }
    output
}

/// From strengths to the data set's grey values: its full ink where this ink is strongest, its ground where nothing
/// stands out of the noise.
fn levels(mut strength: Vec<f32>, floor: f32, placement: &Placement) -> Vec<u8> {
    let full = reach(&mut strength.clone());
    let range = (full - floor).max(f32::MIN_POSITIVE);
    let (ground, ink) = (f32::from(placement.ground), f32::from(placement.ink));
    for value in &mut strength {
        *value = ground + (ink - ground) * ((*value - floor) / range).clamp(0.0, 1.0);
    }
    strength.into_iter().map(|value| value.round() as u8).collect()
}
