//! How fast this processor multiplies matrices with the `gemm` crate: the peak that a training step is measured against.

use fude_model::MlpConfig;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A product `[m, k] [k, n]` of f32 matrices. A transposed factor lies as `[k, m]` or `[n, k]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// Rows of the result.
    pub m: usize,
    /// Columns of the result.
    pub n: usize,
    /// Terms of each sum.
    pub k: usize,
    /// Whether the left factor is transposed.
    pub left_transposed: bool,
    /// Whether the right factor is transposed.
    pub right_transposed: bool,
}

impl Product {
    /// A plain square product.
    pub fn square(side: usize) -> Self {
        Self { m: side, n: side, k: side, left_transposed: false, right_transposed: false }
    }

    /// The products of a training step on B samples: for each layer forward, the weights' gradient, and, but for the
    /// first, the inputs' gradient.
    pub fn of_step(model: &MlpConfig, batch: usize) -> Vec<Self> {
        let mut products = Vec::new();
        for (index, layer) in model.layout().layers.iter().enumerate() {
            let (i, o) = (layer.inputs, layer.outputs);
            let plain = Self { m: batch, n: o, k: i, left_transposed: false, right_transposed: false };
            products.push(plain);
            products.push(Self { m: i, n: o, k: batch, left_transposed: true, ..plain });
            if index > 0 {
                products.push(Self { m: batch, n: i, k: o, right_transposed: true, ..plain });
            }
        }
        products
    }

    /// Floating-point operations of one such product.
    pub fn flops(&self) -> f64 {
        2.0 * self.m as f64 * self.n as f64 * self.k as f64
    }
}

/// GFLOP/s of a product, `threads` threads doing one after the other at the same time, each on matrices of its own and
/// waiting for nobody, for about `time` and at least once.
pub fn sgemm_rate(product: &Product, threads: usize, time: Duration) -> f64 {
    let ready = Barrier::new(threads.max(1));
    let work = || {
        let mut matrices = Matrices::new(product);
        // The first one makes room and wakes the core's wide units.
        matrices.multiply(product);
        ready.wait();
        let start = Instant::now();
        let mut done = 0u32;
        while done == 0 || start.elapsed() < time {
            matrices.multiply(product);
            done += 1;
        }
        f64::from(done) * product.flops() / start.elapsed().as_secs_f64()
    };
    let rates: Vec<f64> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().filter_map(|thread| thread.join().ok()).chain([own]).collect()
    });
    rates.iter().sum::<f64>() / 1e9
}

/// The factors and the result of a product.
struct Matrices {
    left: Vec<f32>,
    right: Vec<f32>,
    result: Vec<f32>,
}

impl Matrices {
    fn new(product: &Product) -> Self {
        let &Product { m, n, k, .. } = product;
        Self { left: vec![0.5; m * k], right: vec![0.5; k * n], result: vec![0.0; m * n] }
    }

    fn multiply(&mut self, product: &Product) {
        let &Product { m, n, k, left_transposed, right_transposed } = product;
        assert!(self.left.len() == m * k && self.right.len() == k * n && self.result.len() == m * n);
        // Steps to the next row and to the next column.
        let (left_row, left_column) = if left_transposed { (1, m) } else { (k, 1) };
        let (right_row, right_column) = if right_transposed { (1, k) } else { (n, 1) };
        // SAFETY: the matrices have the lengths that shapes and steps say, by the assertion, and do not overlap.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                self.result.as_mut_ptr(),
                1,
                n as isize,
                false,
                self.left.as_ptr(),
                left_column as isize,
                left_row as isize,
                self.right.as_ptr(),
                right_column as isize,
                right_row as isize,
                0.0f32,
                1.0f32,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_operations_that_the_model_counts() {
        let model = MlpConfig { hidden: vec![256, 128, 64], ..Default::default() };
        let products = Product::of_step(&model, 128);
        assert_eq!(products.len(), 4 * 3 - 1);
        let flops: f64 = products.iter().map(Product::flops).sum();
        assert_eq!(flops, model.training_flops_per_sample() * 128.0);
    }

    #[test]
    fn factors_are_read_the_way_round_that_they_lie() {
        for (left_transposed, right_transposed) in [(false, false), (true, false), (false, true), (true, true)] {
            let product = Product { m: 3, n: 5, k: 2, left_transposed, right_transposed };
            let mut matrices = Matrices::new(&product);
            matrices.left = (0..6).map(|i| i as f32).collect();
            matrices.right = (0..10).map(|i| i as f32).collect();
            matrices.multiply(&product);
            let at = |i: usize, j: usize, k: usize| {
                let left = if left_transposed { k * 3 + i } else { i * 2 + k };
                let right = if right_transposed { j * 2 + k } else { k * 5 + j };
                (left * right) as f32
            };
            let expected: Vec<f32> = (0..3).flat_map(|i| (0..5).map(move |j| at(i, j, 0) + at(i, j, 1))).collect();
            assert_eq!(matrices.result, expected, "{product:?}");
        }
    }

    #[test]
    fn a_rate_is_measured_also_in_no_time() {
        assert!(sgemm_rate(&Product::square(8), 2, Duration::ZERO) > 0.0);
    }
}
