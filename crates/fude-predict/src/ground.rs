//! What a character is written on: its grey level, evenly lit or with light from one side, and how it is speckled.

use crate::view::View;

/// Grey levels of spread from which uneven light is considered.
const UNEVEN: f32 = 4.0;

/// From half the width of the interval that holds the middle half of a normal distribution to its standard deviation.
const TO_DEVIATION: f32 = 1.4826;

/// Rounds in which the plane is fitted anew: the weights of pixels far from it fall each time.
const ROUNDS: usize = 15;

/// The ground's level in view pixels, `level + slope . (x, y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ground {
    level: f32,
    slope: [f32; 2],
    /// Standard deviation around it, as noise would have it: ink does not count.
    pub(crate) spread: f32,
}

impl Ground {
    /// From the edge of a view, of which ink may cover nearly half.
    pub(crate) fn of(view: &View) -> Self {
        let edge = view.edge();
        let even = Self::even(&edge);
        if even.spread <= UNEVEN {
            return even;
        }
        // A plane always fits a little better; light from one side makes it fit much better.
        Self::plane(&edge).filter(|plane| plane.spread < 0.5 * even.spread).unwrap_or(even)
    }

    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        self.level + self.slope[0] * x + self.slope[1] * y
    }

    /// The middle of the shortest interval that holds half of the values: what the other half is does not matter.
    fn even(edge: &[[f32; 3]]) -> Self {
        let mut values: Vec<f32> = edge.iter().map(|pixel| pixel[2]).collect();
        values.sort_by(f32::total_cmp);
        let half = values.len() / 2 + 1;
        let shortest = values.windows(half.min(values.len()).max(1)).min_by(|a, b| width(a).total_cmp(&width(b)));
        let Some(shortest) = shortest else { return Self { level: 0.0, slope: [0.0; 2], spread: 0.0 } };
        let level = shortest.iter().sum::<f32>() / shortest.len() as f32;
        Self { level, slope: [0.0; 2], spread: width(shortest) / 2.0 * TO_DEVIATION }
    }

    /// The plane with the least sum of absolute differences, by least squares with weights.
    fn plane(edge: &[[f32; 3]]) -> Option<Self> {
        let mut plane = [0.0f64; 3];
        let off = |plane: &[f64; 3], [x, y, v]: [f32; 3]| {
            (f64::from(v) - plane[0] - plane[1] * f64::from(x) - plane[2] * f64::from(y)).abs()
        };
        for round in 0..ROUNDS {
            let weight = |pixel: [f32; 3]| if round == 0 { 1.0 } else { 1.0 / off(&plane, pixel).max(0.5) };
            plane = least_squares(edge, weight)?;
        }
        let mut offs: Vec<f32> = edge.iter().map(|&pixel| off(&plane, pixel) as f32).collect();
        let middle = offs.len() / 2;
        let spread = *offs.select_nth_unstable_by(middle, f32::total_cmp).1 * TO_DEVIATION;
        Some(Self { level: plane[0] as f32, slope: [plane[1] as f32, plane[2] as f32], spread })
    }
}

fn width(sorted: &[f32]) -> f32 {
    match sorted {
        [first, .., last] => last - first,
        _ => 0.0,
    }
}

/// The plane `a + b x + c y` with the least weighted sum of squares; none where the points lie on a line.
fn least_squares(points: &[[f32; 3]], weight: impl Fn([f32; 3]) -> f64) -> Option<[f64; 3]> {
    let mut normal = [[0.0f64; 4]; 3];
    for &point in points {
        let [x, y, v] = point.map(f64::from);
        let (row, w) = ([1.0, x, y, v], weight(point));
        for i in 0..3 {
            for j in 0..4 {
                normal[i][j] += w * row[i] * row[j];
            }
        }
    }
    solve(normal)
}

/// Gauss-Jordan elimination; the matrix is symmetric and positive, so no row need be exchanged.
fn solve(mut rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for pivot in 0..3 {
        let divisor = rows[pivot][pivot];
        if divisor.abs() < 1e-9 {
            return None;
        }
        let scaled = rows[pivot].map(|value| value / divisor);
        rows[pivot] = scaled;
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let factor = row[pivot];
            row.iter_mut().zip(scaled).for_each(|(value, of_pivot)| *value -= factor * of_pivot);
        }
    }
    Some([rows[0][3], rows[1][3], rows[2][3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Region;
    use fude_data::Grey;

    fn ground(side: usize, value: impl Fn(usize, usize) -> u8) -> Ground {
        let pixels = (0..side * side).map(|at| value(at % side, at / side)).collect();
        let grey = Grey { height: side, width: side, pixels };
        Ground::of(&View::new(&grey, Region::whole(&grey)))
    }

    #[test]
    fn ink_on_nearly_half_of_the_edge_does_not_change_the_ground() {
        let found = ground(40, |x, y| if x < 20 && y > 2 { 255 } else { 30 });
        assert_eq!((found.at(0.0, 0.0), found.spread), (30.0, 0.0));
    }

    #[test]
    fn noise_is_measured_and_not_taken_for_uneven_light() {
        let found = ground(60, |x, y| (100 + (x * 7 + y * 13) % 21) as u8);
        assert!((found.at(0.0, 0.0) - 110.0).abs() < 8.0 && found.slope == [0.0; 2], "{found:?}");
        assert!((3.0..12.0).contains(&found.spread), "{found:?}");
    }

    #[test]
    fn light_from_one_side_is_a_plane_with_little_spread() {
        let found = ground(60, |x, y| if (10..30).contains(&x) && y < 9 { 0 } else { (100 + 2 * x) as u8 });
        assert!((found.at(0.0, 30.0) - 100.0).abs() < 2.0 && (found.at(59.0, 30.0) - 218.0).abs() < 2.0, "{found:?}");
        assert!(found.spread < 2.0, "{found:?}");
    }

    #[test]
    fn a_line_of_pixels_has_an_even_ground() {
        let grey = Grey { height: 1, width: 50, pixels: (0..50).map(|x| x * 5).collect() };
        let found = Ground::of(&View::new(&grey, Region::whole(&grey)));
        assert_eq!(found.slope, [0.0; 2]);
    }
}
