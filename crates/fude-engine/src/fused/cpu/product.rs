//! Matrix products in register tiles.
//!
//! `C[i, j] = sum over k of A[i, k] B[k, j]`, k in order, one fused multiply-add each: an element's bits depend neither
//! on the tile it is in nor on who computes it. A is read by single elements at any two strides, so a transposed A costs
//! nothing; B by vectors along its rows. Nothing is packed: at these sizes both operands stay in the second-level cache.

use super::simd::{Lanes, PAD};
use std::ops::Range;

/// The left factor `A[i, k]`, at `start + i * row + k * depth`.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) depth: usize,
}

/// The right factor `B[k, j]`, at `start + k * stride + j`.
#[derive(Clone, Copy)]
pub(super) struct Right {
    pub(super) start: *const f32,
    pub(super) stride: usize,
}

/// What happens to each vector of C, while it is in a register.
pub(super) trait Epilogue {
    /// Hears that `C[i, j..j + N]` comes after the next tile's sums: time to fetch what it will need.
    #[inline(always)]
    fn expect(&self, _i: usize, _j: usize) {}

    /// Takes `C[i, j..j + N]`. Must be `#[inline(always)]`.
    fn take<V: Lanes>(&self, i: usize, j: usize, sum: V);
}

/// Computes `C[rows, 0..columns]`, `columns` a multiple of `PAD`, and hands over each vector.
///
/// # Safety
/// A is readable at `rows` x `depth`, B at `depth` x `columns`.
#[inline(always)]
pub(super) unsafe fn product<V: Lanes>(
    left: Left,
    right: Right,
    rows: Range<usize>,
    columns: usize,
    depth: usize,
    epilogue: &impl Epilogue,
) {
    // A panel of B two vectors wide is used for all rows while it is in cache.
    let mut column = 0;
    while column + 2 * V::N <= columns {
        // SAFETY: the caller's promise.
        unsafe { panel::<V, 2>(left, right, rows.clone(), column, depth, epilogue) };
        column += 2 * V::N;
    }
    if column < columns {
        // SAFETY: the caller's promise; PAD is a multiple of N, so one vector is left at most.
        unsafe { panel::<V, 1>(left, right, rows, column, depth, epilogue) };
    }
}

/// All rows of a panel of `C` vectors, in the tallest tiles that fit.
#[inline(always)]
unsafe fn panel<V: Lanes, const C: usize>(
    left: Left,
    right: Right,
    rows: Range<usize>,
    column: usize,
    depth: usize,
    epilogue: &impl Epilogue,
) {
    let mut row = rows.start;
    macro_rules! tiles {
        ($height:literal) => {
            while rows.end - row >= $height {
                // SAFETY: rows and columns are within the caller's.
                unsafe { tile::<V, $height, C>(left, right, row, column, depth, epilogue) };
                row += $height;
            }
        };
    }
    if V::ROWS >= 8 {
        tiles!(8);
    } else if V::ROWS >= 6 {
        tiles!(6);
    }
    tiles!(4);
    tiles!(2);
    tiles!(1);
}

/// One tile of `R` rows and `C` vectors, all sums in registers.
#[inline(always)]
unsafe fn tile<V: Lanes, const R: usize, const C: usize>(
    left: Left,
    right: Right,
    row: usize,
    column: usize,
    depth: usize,
    epilogue: &impl Epilogue,
) {
    for r in 0..R {
        epilogue.expect(row + r, column);
        if C * V::N > PAD {
            epilogue.expect(row + r, column + PAD);
        }
    }
    let mut sums = [[V::splat(0.0); C]; R];
    // SAFETY: the caller's promise.
    unsafe {
        let mut a = left.start.add(row * left.row);
        let mut b = right.start.add(column);
        for _ in 0..depth {
            let mut factors = [V::splat(0.0); C];
            for (c, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(b.add(c * V::N));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = V::splat(*a.add(r * left.row));
                for (sum, &factor) in sums.iter_mut().zip(&factors) {
                    *sum = x.mul_add(factor, *sum);
                }
            }
            a = a.wrapping_add(left.depth);
            b = b.wrapping_add(right.stride);
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (c, &sum) in sums.iter().enumerate() {
            epilogue.take(row + r, column + c * V::N, sum);
        }
    }
}
