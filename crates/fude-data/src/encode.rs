//! Images and labels as the numbers that a network takes.

/// Labels `[N]` as one-hot rows `[N, O]`.
///
/// # Panics
/// When a label is not below `classes`; the readers have checked every label that they return.
pub fn one_hot(labels: &[u8], classes: usize) -> Vec<f32> {
    let mut rows = vec![0.0; labels.len() * classes];
    for (row, &label) in labels.iter().enumerate() {
        assert!(usize::from(label) < classes, "label {label} of row {row} names none of {classes} classes");
        rows[row * classes + usize::from(label)] = 1.0;
    }
    rows
}

/// Pixels scaled from 0..=255 to [0, 1], by division as PyTorch's `ToTensor` does it.
pub fn scaled(pixels: &[u8]) -> impl Iterator<Item = f32> {
    pixels.iter().map(|&pixel| f32::from(pixel) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hot_rows_have_a_single_one() {
        assert_eq!(one_hot(&[2, 0], 3), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert!(one_hot(&[], 3).is_empty());
    }

    #[test]
    fn pixels_are_scaled_to_the_unit_interval() {
        assert_eq!(scaled(&[0, 51, 255]).collect::<Vec<f32>>(), [0.0, 0.2, 1.0]);
    }
}
