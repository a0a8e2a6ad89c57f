//! Images as rows of numbers.

use fude_data::Split;
use nalgebra::DMatrix;

/// N rows of D numbers, with the squared length of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// `[D, N]` column by column, which is `[N, D]` row by row. Products are made of this and of its transpose alone:
    /// nalgebra 0.35 reads views with strides of their own beyond their end where a side is shorter than six.
    matrix: DMatrix<f32>,
    squares: Vec<f32>,
}

impl Features {
    /// The pixels of images, scaled to [0, 1]: `[N, I]`.
    pub fn pixels(split: &Split) -> Self {
        Self::new(split.pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect(), split.inputs())
    }

    /// Rows of `width` numbers.
    pub(crate) fn new(values: Vec<f32>, width: usize) -> Self {
        let count = values.len() / width.max(1);
        Self::of(DMatrix::from_vec(width, count, values))
    }

    /// Of a matrix `[D, N]`.
    pub(crate) fn of(matrix: DMatrix<f32>) -> Self {
        let squares = matrix.column_iter().map(|row| row.iter().map(|v| v * v).sum()).collect();
        Self { matrix, squares }
    }

    /// N.
    pub fn len(&self) -> usize {
        self.squares.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.squares.is_empty()
    }

    /// D.
    pub fn width(&self) -> usize {
        self.matrix.nrows()
    }

    /// Row `index`, `[D]`.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.matrix.as_slice()[index * self.width()..][..self.width()]
    }

    /// The squared lengths of rows `[first, first + count)`.
    pub(crate) fn squares(&self, first: usize, count: usize) -> &[f32] {
        &self.squares[first..first + count]
    }

    /// `[D, N]`.
    pub(crate) fn matrix(&self) -> &DMatrix<f32> {
        &self.matrix
    }
}
