//! Deforming an image, pixel by pixel.

/// A smooth displacement `D = G_y C G_x^T` along each axis.
pub struct Field<'a> {
    /// G_y, `[H, K_y]`.
    pub rows: &'a [f64],
    /// G_x, `[W, K_x]`.
    pub columns: &'a [f64],
    /// C along x, then along y: `[2, K_y, K_x]`.
    pub coefficients: &'a [f64],
}

/// What happens to an image.
pub struct Deformation<'a> {
    /// Output pixel `(x, y)` is read at `(m[0] x + m[1] y + m[2], m[3] x + m[4] y + m[5])`.
    pub matrix: [f64; 6],
    /// Plus this displacement at `(x, y)`.
    pub field: Option<Field<'a>>,
    /// Share of the way to the largest (or, negative, the smallest) of the 3 x 3 neighbours, zeros outside.
    pub thickness: f64,
    /// Set to 0: left, top, right and bottom, the last two exclusive.
    pub erased: [u32; 4],
}

/// The deformed image `[H, W]` of `image: [H, W]`.
pub fn deform(image: &[f64], width: usize, how: &Deformation<'_>) -> Vec<f64> {
    let height = image.len() / width;
    let pixels = (0..height * width).map(|at| (at % width, at / width));
    let moved: Vec<f64> = pixels
        .clone()
        .map(|(x, y)| {
            let (at_x, at_y) = position(how, x, y, width, height);
            bilinear(image, width, at_x, at_y)
        })
        .collect();
    let [left, top, right, bottom] = how.erased.map(|edge| edge as usize);
    let erased = |x: usize, y: usize| (left..right).contains(&x) && (top..bottom).contains(&y);
    pixels.map(|(x, y)| if erased(x, y) { 0.0 } else { thickened(&moved, width, x, y, how.thickness) }).collect()
}

fn position(how: &Deformation<'_>, x: usize, y: usize, width: usize, height: usize) -> (f64, f64) {
    let m = how.matrix;
    let (fx, fy) = (x as f64, y as f64);
    let mut at = [m[0] * fx + m[1] * fy + m[2], m[3] * fx + m[4] * fy + m[5]];
    if let Some(field) = &how.field {
        let (down, across) = (field.rows.len() / height, field.columns.len() / width);
        for (component, at) in at.iter_mut().enumerate() {
            for i in 0..down {
                for j in 0..across {
                    let coefficient = field.coefficients[(component * down + i) * across + j];
                    *at += field.rows[y * down + i] * coefficient * field.columns[x * across + j];
                }
            }
        }
    }
    (at[0], at[1])
}

/// The image at a position, zeros outside.
fn bilinear(image: &[f64], width: usize, x: f64, y: f64) -> f64 {
    let (left, top) = (x.floor(), y.floor());
    let mut value = 0.0;
    for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let weight = (1.0 - (x - left - dx).abs()) * (1.0 - (y - top - dy).abs());
        value += weight * pixel(image, width, (left + dx) as i64, (top + dy) as i64);
    }
    value
}

fn pixel(image: &[f64], width: usize, x: i64, y: i64) -> f64 {
    let inside = (0..width as i64).contains(&x) && (0..(image.len() / width) as i64).contains(&y);
    if inside { image[y as usize * width + x as usize] } else { 0.0 }
}

fn thickened(image: &[f64], width: usize, x: usize, y: usize, thickness: f64) -> f64 {
    let own = pixel(image, width, x as i64, y as i64);
    let near = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)));
    let values = near.map(|(dx, dy)| pixel(image, width, x as i64 + dx, y as i64 + dy));
    let extreme = if thickness > 0.0 { values.fold(own, f64::max) } else { values.fold(own, f64::min) };
    own + thickness.abs() * (extreme - own)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Deformation<'_> =
        Deformation { matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], field: None, thickness: 0.0, erased: [0; 4] };

    #[test]
    fn an_image_moves_by_half_a_pixel_and_zeros_come_in() {
        let half = Deformation { matrix: [1.0, 0.0, 0.5, 0.0, 1.0, 0.0], ..STILL };
        assert_eq!(deform(&[1.0, 3.0, 5.0, 7.0], 2, &half), [2.0, 1.5, 6.0, 3.5]);
        assert_eq!(deform(&[1.0, 3.0, 5.0, 7.0], 2, &STILL), [1.0, 3.0, 5.0, 7.0]);
    }

    #[test]
    fn a_constant_field_moves_every_pixel_alike() {
        let field = Field { rows: &[1.0, 1.0], columns: &[1.0, 1.0], coefficients: &[1.0, 0.0] };
        let moved = Deformation { field: Some(field), ..STILL };
        assert_eq!(deform(&[1.0, 3.0, 5.0, 7.0], 2, &moved), [3.0, 0.0, 7.0, 0.0]);
    }

    #[test]
    fn strokes_grow_and_shrink_and_a_rectangle_is_erased() {
        let dot = [0.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 0.0];
        let thick = deform(&dot, 3, &Deformation { thickness: 0.5, erased: [0, 0, 2, 1], ..STILL });
        assert_eq!(thick, [0.0, 0.0, 4.0, 4.0, 8.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(deform(&dot, 3, &Deformation { thickness: -0.25, ..STILL })[4], 6.0);
    }
}
