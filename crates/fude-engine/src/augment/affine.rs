//! The affine part of a deformation.

use super::sine::sin_cos;

/// An affine map of pixel coordinates: `(x, y)` to `(m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5])`.
pub(super) type Matrix = [f32; 6];

/// What an image is turned, scaled, sheared and moved by.
pub(super) struct Affine {
    /// Degrees.
    pub(super) rotation: f64,
    /// Factors; one below zero mirrors.
    pub(super) scale: [f64; 2],
    /// Pixels a row.
    pub(super) shear: f64,
    /// Pixels.
    pub(super) shift: [f64; 2],
}

impl Affine {
    /// Rotation after shear after scaling, about the image's centre; then the translation.
    pub(super) fn matrix(&self, height: usize, width: usize) -> Matrix {
        let (sin, cos) = sin_cos(self.rotation.to_radians());
        let [sx, sy] = self.scale;
        // Shear (x += shear * y) times scaling, then the rotation.
        let (a, b, d) = (sx, self.shear * sy, sy);
        let m = [[cos * a, cos * b - sin * d], [sin * a, sin * b + cos * d]];
        let centre = [(width as f64 - 1.0) / 2.0, (height as f64 - 1.0) / 2.0];
        let offset = |row: usize| centre[row] - m[row][0] * centre[0] - m[row][1] * centre[1] + self.shift[row];
        [m[0][0], m[0][1], offset(0), m[1][0], m[1][1], offset(1)].map(|value| value as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(m: Matrix, x: f32, y: f32) -> (f32, f32) {
        (m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5])
    }

    #[test]
    fn a_quarter_turn_keeps_the_centre_and_swaps_the_axes() {
        let still = Affine { rotation: 0.0, scale: [1.0, 1.0], shear: 0.0, shift: [0.0, 0.0] };
        assert_eq!(still.matrix(28, 28), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let turned = Affine { rotation: 90.0, ..still }.matrix(5, 5);
        let (x, y) = map(turned, 4.0, 2.0);
        assert!((x - 2.0).abs() < 1e-6 && (y - 4.0).abs() < 1e-6, "{x}, {y}");
    }

    #[test]
    fn shift_and_shear_move_by_pixels() {
        let moved = Affine { rotation: 0.0, scale: [1.0, 1.0], shear: 0.5, shift: [3.0, -1.0] }.matrix(5, 5);
        assert_eq!(map(moved, 2.0, 2.0), (5.0, 1.0));
        assert_eq!(map(moved, 2.0, 4.0), (6.0, 3.0));
    }
}
