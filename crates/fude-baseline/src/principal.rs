//! Principal components: the directions in which images differ most.

use crate::Features;
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Rows that the covariance is summed over at once.
const BLOCK: usize = 4096;

/// The mean of a set and its first C principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    /// `[D]`.
    mean: Vec<f32>,
    /// `[C, D]`, the one with the largest variance first.
    directions: DMatrix<f32>,
    /// Share of the set's variance that these components hold, in [0, 1].
    pub explained: f64,
}

impl Components {
    /// Of a set `[N, D]`: eigenvectors of its covariance. At most D of them.
    pub fn of(set: &Features, count: usize) -> Self {
        let mean = mean(set);
        let eigen = SymmetricEigen::new(covariance(set, &mean));
        let mut order: Vec<usize> = (0..set.width()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let total: f64 = eigen.eigenvalues.iter().map(|value| value.max(0.0)).sum();
        order.truncate(count.max(1));
        let kept: f64 = order.iter().map(|&index| eigen.eigenvalues[index].max(0.0)).sum();
        let vectors = &eigen.eigenvectors;
        let directions = DMatrix::from_fn(order.len(), set.width(), |row, pixel| vectors[(pixel, order[row])] as f32);
        Self {
            directions,
            mean: mean.iter().map(|&value| value as f32).collect(),
            explained: if total > 0.0 { kept / total } else { 1.0 },
        }
    }

    /// C.
    pub fn count(&self) -> usize {
        self.directions.nrows()
    }

    /// Rows `[N, D]` in terms of the components: `[N, C]`.
    pub fn project(&self, rows: &Features) -> Features {
        let centred = self.centred(rows);
        Features::of(&self.directions * centred.matrix())
    }

    fn centred(&self, rows: &Features) -> Features {
        let row = |index| rows.row(index).iter().zip(&self.mean).map(|(value, mean)| value - mean);
        Features::new((0..rows.len()).flat_map(row).collect(), rows.width())
    }
}

fn mean(set: &Features) -> DVector<f64> {
    let mut sum = DVector::zeros(set.width());
    for index in 0..set.len() {
        sum.iter_mut().zip(set.row(index)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sum / set.len().max(1) as f64
}

/// `X^T X / N - m m^T`, `[D, D]`. Products in f32, which pixels are no finer than; their sums in f64.
fn covariance(set: &Features, mean: &DVector<f64>) -> DMatrix<f64> {
    let mut sum = DMatrix::<f64>::zeros(set.width(), set.width());
    let mut part = DMatrix::<f32>::zeros(set.width(), set.width());
    let rows = set.matrix().transpose();
    for first in (0..set.len()).step_by(BLOCK) {
        let count = BLOCK.min(set.len() - first);
        part.gemm(1.0, &set.matrix().columns(first, count), &rows.rows(first, count), 0.0);
        sum.iter_mut().zip(part.iter()).for_each(|(sum, &part)| *sum += f64::from(part));
    }
    sum / set.len().max(1) as f64 - mean * mean.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::tests::rows;

    #[test]
    fn all_components_keep_every_distance() {
        let set = rows(200, 12, 5);
        let components = Components::of(&set, 12);
        assert!((components.explained - 1.0).abs() < 1e-9);
        let projected = components.project(&set);
        assert_eq!((projected.len(), projected.width()), (200, 12));
        let square = |rows: &Features, a: usize, b: usize| {
            rows.row(a).iter().zip(rows.row(b)).map(|(x, y)| (x - y) * (x - y)).sum::<f32>()
        };
        for (a, b) in [(0, 1), (3, 199), (50, 51)] {
            let (before, after) = (square(&set, a, b), square(&projected, a, b));
            assert!((before - after).abs() < 1e-3 * before, "{before} became {after}");
        }
    }

    #[test]
    fn the_first_component_is_the_direction_of_the_largest_spread() {
        // Points on a line with slope 2, and a little beside it.
        let values = (0..100).flat_map(|i| [i as f32, 2.0 * i as f32 + (i % 2) as f32 * 0.1]).collect();
        let components = Components::of(&Features::new(values, 2), 1);
        let direction = [components.directions[(0, 0)], components.directions[(0, 1)]];
        assert!((direction[1] / direction[0] - 2.0).abs() < 1e-3, "{direction:?}");
        assert!(components.explained > 0.9999);
    }
}
