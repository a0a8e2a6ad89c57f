//! Softmax cross-entropy with label smoothing, and its gradient, for some rows of a batch.

use super::math::exp;
use super::memory::{Grid, padded};
use super::simd::{Lanes, Task};
use std::ops::Range;

/// Replaces logits `[B, O]` by the gradient of the mean loss, and notes each sample's loss.
pub(super) struct LossGradient<'a> {
    /// `[B, O]`: logits before, gradient after.
    pub(super) logits: &'a Grid,
    /// All labels `[N]`, and which of them these samples have, `[B]`.
    pub(super) labels: &'a [u8],
    pub(super) indices: &'a [u32],
    pub(super) smoothing: f32,
    /// `[B, 2]`: loss, and 1 where the largest logit is the label's.
    pub(super) notes: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for LossGradient<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let classes = self.logits.columns();
        let share = 1.0 / self.indices.len() as f32;
        for row in self.rows {
            let label = usize::from(self.labels[self.indices[row] as usize]);
            assert!(label < classes);
            // SAFETY: rows of both grids are this worker's alone; a row is padded to vectors.
            let (z, notes) = unsafe {
                let z = std::slice::from_raw_parts_mut(self.logits.at(row, 0), padded(classes));
                (z, std::slice::from_raw_parts_mut(self.notes.at(row, 0), 2))
            };
            let largest = first_largest(&z[..classes]);
            notes[1] = f32::from(largest == label);
            notes[0] = sample::<V>(z, classes, z[largest], label, self.smoothing, share);
        }
    }
}

/// One sample: its loss; `z` becomes `(softmax(z) - target) / B`, and 0 in the padding.
#[inline(always)]
fn sample<V: Lanes>(z: &mut [f32], classes: usize, largest: f32, label: usize, smoothing: f32, share: f32) -> f32 {
    // -sum t (z - log sum e^z), t = smoothing / O everywhere and 1 - smoothing more at the label.
    let rest = smoothing / classes as f32;
    let shifted_sum: f64 = z[..classes].iter().map(|&z| f64::from(z - largest)).sum();
    let shifted_label = f64::from(z[label] - largest);
    exponentials::<V>(z, largest);
    let sum: f64 = z[..classes].iter().map(|&e| f64::from(e)).sum();
    let scale = (f64::from(share) / sum) as f32;
    for e in &mut z[..classes] {
        *e = *e * scale - rest * share;
    }
    z[label] -= (1.0 - smoothing) * share;
    z[classes..].fill(0.0);
    (sum.ln() - f64::from(1.0 - smoothing) * shifted_label - f64::from(rest) * shifted_sum) as f32
}

/// `z = e^(z - largest)`.
#[inline(always)]
fn exponentials<V: Lanes>(z: &mut [f32], largest: f32) {
    for vector in z.chunks_exact_mut(V::N) {
        // SAFETY: a chunk has N values.
        unsafe { exp(V::load(vector.as_ptr()).sub(V::splat(largest))).store(vector.as_mut_ptr()) };
    }
}

/// The first of the largest values; 0 where all are NaN.
#[inline(always)]
fn first_largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = index;
        }
    }
    best
}
