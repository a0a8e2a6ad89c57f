//! Which part of a phase a worker does.

use std::ops::Range;

/// Rows that are never split between workers: a full register tile.
const BLOCK: usize = 8;

/// Worker `index` of `count`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) index: usize,
    pub(super) count: usize,
}

impl Share {
    /// All of it.
    pub(super) const WHOLE: Self = Self { index: 0, count: 1 };

    /// This worker's part of `rows` rows: whole blocks, as even as they come.
    pub(super) fn of(self, rows: usize) -> Range<usize> {
        let blocks = rows.div_ceil(BLOCK);
        let cut = |index: usize| (blocks * index / self.count * BLOCK).min(rows);
        cut(self.index)..cut(self.index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_every_row_once() {
        for rows in [0, 1, 7, 8, 9, 127, 128, 785] {
            for count in 1..12 {
                let shares = (0..count).map(|index| Share { index, count }.of(rows));
                let covered: Vec<usize> = shares.flatten().collect();
                assert_eq!(covered, (0..rows).collect::<Vec<_>>(), "{rows} rows, {count} workers");
            }
        }
    }
}
