//! The nearest rows of a set to each row of another.

use crate::Features;
use nalgebra::DMatrix;
use rayon::prelude::*;

/// Rows of the queries and of the set whose products are computed at once: 256 x 1024 f32 are 1 MiB, which stays in a
/// core's second-level cache until it has been looked through.
const QUERIES: usize = 256;
const SET: usize = 1024;

/// Candidates kept beyond those asked for: the product's rounding may order near equals wrongly, and exact distances of
/// the candidates put that right.
const SPARE: usize = 4;

/// A row of the set and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its index.
    pub index: u32,
    /// Its squared distance.
    pub square: f32,
}

/// The `k` rows of `set` that are nearest to each row of `queries`, the nearest first, the lower index first where two are
/// equally far; all rows where the set has fewer.
pub fn nearest(set: &Features, queries: &Features, k: usize) -> Vec<Vec<Neighbour>> {
    let rows = set.matrix().transpose();
    let blocks: Vec<usize> = (0..queries.len()).step_by(QUERIES).collect();
    let found = blocks.into_par_iter().map(|first| {
        let count = QUERIES.min(queries.len() - first);
        let candidates = candidates(set, &rows, queries, first, count, k + SPARE);
        let exact = candidates.into_iter().enumerate();
        exact.map(|(query, candidates)| refine(set, queries.row(first + query), candidates, k)).collect::<Vec<_>>()
    });
    found.flatten_iter().collect()
}

/// The best `most` rows of the set, `[N, D]` in `all`, for each of `count` queries, by distances out of matrix products.
fn candidates(
    set: &Features,
    all: &DMatrix<f32>,
    queries: &Features,
    first: usize,
    count: usize,
    most: usize,
) -> Vec<Vec<Neighbour>> {
    let mut best: Vec<Shortlist> = (0..count).map(|_| Shortlist::new(most)).collect();
    let mut products = DMatrix::zeros(0, 0);
    let columns = queries.matrix().columns(first, count);
    for start in (0..set.len()).step_by(SET) {
        let rows = SET.min(set.len() - start);
        if products.shape() != (rows, count) {
            products = DMatrix::zeros(rows, count);
        }
        products.gemm(-2.0, &all.rows(start, rows), &columns, 0.0);
        let squares = set.squares(start, rows);
        for (shortlist, products) in best.iter_mut().zip(products.as_slice().chunks_exact(rows)) {
            shortlist.look_through(start as u32, squares, products);
        }
    }
    best.into_iter().map(|shortlist| shortlist.rows).collect()
}

/// The nearest so far, the nearest first. The query's own squared length is the same for all and left out.
struct Shortlist {
    most: usize,
    rows: Vec<Neighbour>,
    worst: f32,
}

impl Shortlist {
    fn new(most: usize) -> Self {
        Self { most, rows: Vec::with_capacity(most + 1), worst: f32::INFINITY }
    }

    /// Rows from `start` on with their squared lengths and their products with the query, times -2.
    fn look_through(&mut self, start: u32, squares: &[f32], products: &[f32]) {
        for (index, (square, product)) in (start..).zip(squares.iter().zip(products)) {
            let square = square + product;
            if square < self.worst {
                self.insert(Neighbour { index, square });
            }
        }
    }

    fn insert(&mut self, row: Neighbour) {
        let place = self.rows.partition_point(|other| other.square <= row.square);
        self.rows.insert(place, row);
        self.rows.truncate(self.most);
        if self.rows.len() == self.most {
            self.worst = self.rows[self.most - 1].square;
        }
    }
}

/// The `k` nearest of the candidates by distances computed as differences.
fn refine(set: &Features, query: &[f32], mut candidates: Vec<Neighbour>, k: usize) -> Vec<Neighbour> {
    for candidate in &mut candidates {
        let row = set.row(candidate.index as usize);
        candidate.square = row.iter().zip(query).map(|(a, b)| (a - b) * (a - b)).sum();
    }
    candidates.sort_by(|a, b| a.square.total_cmp(&b.square).then(a.index.cmp(&b.index)));
    candidates.truncate(k);
    candidates
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Rows of whole numbers from a quick generator: distances between them are exact.
    pub(crate) fn rows(n: usize, width: usize, salt: u32) -> Features {
        let mut state = salt;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 28) as f32
        };
        Features::new((0..n * width).map(|_| number()).collect(), width)
    }

    fn slow(set: &Features, query: &[f32], k: usize) -> Vec<Neighbour> {
        let all = (0..set.len() as u32).map(|index| Neighbour { index, square: 0.0 }).collect();
        refine(set, query, all, k)
    }

    #[test]
    fn neighbours_are_those_of_the_plain_loop() {
        // Sizes around the blocks, and widths below what the product's fast path takes.
        for (n, queries, width, k) in
            [(1, 1, 7, 4), (5, 3, 2, 1), (1023, 255, 20, 3), (1025, 257, 20, 4), (2050, 10, 9, 7)]
        {
            let (set, queries) = (rows(n, width, 1), rows(queries, width, 2));
            let found = nearest(&set, &queries, k);
            assert_eq!(found.len(), queries.len());
            for (index, found) in found.iter().enumerate() {
                let expected = slow(&set, queries.row(index), k);
                let squares = |list: &[Neighbour]| list.iter().map(|row| row.square).collect::<Vec<_>>();
                assert_eq!(squares(found), squares(&expected), "query {index} of {n} rows of {width}");
            }
        }
    }

    #[test]
    fn a_row_is_its_own_nearest_at_distance_zero() {
        let set = rows(300, 16, 3);
        for (index, found) in nearest(&set, &set, 1).iter().enumerate() {
            assert_eq!((found[0].index, found[0].square), (index as u32, 0.0));
        }
    }

    #[test]
    fn an_empty_set_has_no_neighbours() {
        assert_eq!(nearest(&rows(0, 4, 1), &rows(2, 4, 2), 3), [vec![], vec![]]);
        assert!(nearest(&rows(2, 4, 1), &rows(0, 4, 2), 3).is_empty());
    }
}
