//! Matrices that several workers fill at once.

use super::simd::PAD;
use std::cell::UnsafeCell;

/// A cache line of values, so that rows start on cache lines.
#[repr(C, align(64))]
struct Line(UnsafeCell<[f32; PAD]>);

/// A matrix `[rows, columns]` of f32, each row padded with zeros to whole cache lines.
///
/// Workers write to it through `&Grid`. The rule that every `unsafe` use of it follows: between two barriers an element
/// is either written by one worker alone, or by none.
pub(crate) struct Grid {
    lines: Vec<Line>,
    rows: usize,
    columns: usize,
    stride: usize,
}

// SAFETY: elements are plain numbers, reached only through raw pointers under the rule above.
unsafe impl Sync for Grid {}

impl Grid {
    /// Zeros.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        let stride = padded(columns);
        Self::with_stride(rows, columns, stride)
    }

    /// Zeros, with an odd number of cache lines a row: then a column's elements spread over all sets of a cache.
    pub(crate) fn spread(rows: usize, columns: usize) -> Self {
        let lines = (padded(columns) / PAD) | 1;
        Self::with_stride(rows, columns, lines * PAD)
    }

    fn with_stride(rows: usize, columns: usize, stride: usize) -> Self {
        let lines = (0..rows * stride / PAD).map(|_| Line(UnsafeCell::new([0.0; PAD]))).collect();
        Self { lines, rows, columns, stride }
    }

    /// Rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns, without the padding.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Values from one row to the next.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }

    /// Where an element lies; good for the rest of its padded row.
    #[inline(always)]
    pub(crate) fn at(&self, row: usize, column: usize) -> *mut f32 {
        assert!(row < self.rows && column < self.stride, "({row}, {column}) lies outside of the grid");
        let start = UnsafeCell::raw_get(self.lines.as_ptr().cast::<UnsafeCell<f32>>());
        // SAFETY: within the allocation, by the assertion.
        unsafe { start.add(row * self.stride + column) }
    }

    /// A row without its padding.
    pub(crate) fn row(&mut self, row: usize) -> &mut [f32] {
        let start = self.at(row, 0);
        // SAFETY: `&mut self` excludes workers, and `columns` values follow.
        unsafe { std::slice::from_raw_parts_mut(start, self.columns) }
    }

    /// Takes the values of `[rows, columns]`, row by row.
    pub(crate) fn fill(&mut self, values: &[f32]) {
        let columns = self.columns;
        for (row, values) in values.chunks_exact(columns).enumerate() {
            self.row(row).copy_from_slice(values);
        }
    }

    /// Appends the values `[rows, columns]`, row by row.
    pub(crate) fn append_to(&mut self, values: &mut Vec<f32>) {
        for row in 0..self.rows {
            values.extend_from_slice(self.row(row));
        }
    }
}

/// Columns with their padding.
pub(crate) fn padded(columns: usize) -> usize {
    columns.next_multiple_of(PAD)
}

/// Asks for a cache line. A hint: any address will do.
#[inline(always)]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: prefetches never fault; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
