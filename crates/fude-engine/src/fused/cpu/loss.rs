//! Softmax cross-entropy with label smoothing, and its gradient, for some rows of a batch.

use super::math::exp;
use super::memory::{Grid, padded};
use super::simd::{Lanes, Task};
use crate::Teacher;
use std::ops::Range;

/// Replaces logits `[B, O]` by the gradient of the mean loss, and notes each sample's loss.
pub(super) struct LossGradient<'a> {
    /// `[B, O]`: logits before, gradient after.
    pub(super) logits: &'a Grid,
    /// All labels `[N]`, and which of them these samples have, `[B]`.
    pub(super) labels: &'a [u8],
    pub(super) indices: &'a [u32],
    pub(super) smoothing: f32,
    /// Mixup's share of the own label; none without mixup.
    pub(super) mixed: Option<f32>,
    pub(super) teacher: Option<&'a Teacher>,
    /// `[B, 2]`: loss, and 1 where the largest logit is the label's.
    pub(super) notes: &'a Grid,
    pub(super) rows: Range<usize>,
}

impl Task for LossGradient<'_> {
    #[inline(always)]
    fn run<V: Lanes>(self) {
        let classes = self.logits.columns();
        for row in self.rows.clone() {
            // SAFETY: rows of both grids are this worker's alone; a row is padded to vectors.
            let (z, notes) = unsafe {
                let z = std::slice::from_raw_parts_mut(self.logits.at(row, 0), padded(classes));
                (z, std::slice::from_raw_parts_mut(self.notes.at(row, 0), 2))
            };
            let largest = first_largest(&z[..classes]);
            notes[1] = f32::from(largest == self.label(row));
            notes[0] = self.sample::<V>(row, z, z[largest]);
        }
    }
}

impl LossGradient<'_> {
    fn label(&self, row: usize) -> usize {
        usize::from(self.labels[self.indices[row] as usize])
    }

    /// One sample: its loss; `z` becomes the gradient, and 0 in the padding.
    #[inline(always)]
    fn sample<V: Lanes>(&self, row: usize, z: &mut [f32], largest: f32) -> f32 {
        let share = 1.0 / self.indices.len() as f32;
        let Some(teacher) = self.teacher else {
            return self.by_label::<V>(row, z, largest, share);
        };
        let classes = self.logits.columns();
        let mut warm = [0.0; MAX_CLASSES];
        let warm = &mut warm[..z.len()];
        warm.copy_from_slice(z);
        let at = self.indices[row] as usize * classes;
        let soft = by_teacher::<V>(warm, &teacher.probabilities[at..at + classes], largest, teacher, share);
        let hard = self.by_label::<V>(row, z, largest, share * (1.0 - teacher.weight));
        z.iter_mut().zip(warm).for_each(|(z, soft)| *z += *soft);
        (1.0 - teacher.weight) * hard + soft
    }

    /// Loss against the (smoothed, mixed) label; `z` becomes `share * (softmax(z) - target)`.
    #[inline(always)]
    fn by_label<V: Lanes>(&self, row: usize, z: &mut [f32], largest: f32, share: f32) -> f32 {
        // -sum t (z - log sum e^z), t = smoothing / O everywhere and 1 - smoothing more at the label, or at two of them.
        let classes = self.logits.columns();
        let (label, partner) = (self.label(row), self.label(self.indices.len() - 1 - row));
        let own = self.mixed.unwrap_or(1.0);
        let rest = self.smoothing / classes as f32;
        let shifted_sum: f64 = z[..classes].iter().map(|&z| f64::from(z - largest)).sum();
        let mut shifted_label = f64::from(z[label] - largest);
        if self.mixed.is_some() {
            shifted_label = f64::from(own) * shifted_label + f64::from(1.0 - own) * f64::from(z[partner] - largest);
        }
        exponentials::<V>(z, largest, 1.0);
        let sum: f64 = z[..classes].iter().map(|&e| f64::from(e)).sum();
        let scale = (f64::from(share) / sum) as f32;
        for e in &mut z[..classes] {
            *e = *e * scale - rest * share;
        }
        let peak = (1.0 - self.smoothing) * share;
        z[label] -= peak * own;
        if self.mixed.is_some() {
            z[partner] -= peak * (1.0 - own);
        }
        z[classes..].fill(0.0);
        (sum.ln() - f64::from(1.0 - self.smoothing) * shifted_label - f64::from(rest) * shifted_sum) as f32
    }
}

/// The most classes of a model (`fude_model::MlpConfig::validate`).
const MAX_CLASSES: usize = 256;

/// The weighted loss against a teacher's probabilities q: `w T^2 CE(q, softmax(z / T))`; `z` becomes its gradient times
/// `share`, `share w T (softmax(z / T) - q)`.
#[inline(always)]
fn by_teacher<V: Lanes>(z: &mut [f32], q: &[f32], largest: f32, teacher: &Teacher, share: f32) -> f32 {
    let &Teacher { weight, temperature, .. } = teacher;
    let classes = q.len();
    let expected: f64 = z.iter().zip(q).map(|(&z, &q)| f64::from(q) * f64::from((z - largest) / temperature)).sum();
    let mass: f64 = q.iter().map(|&q| f64::from(q)).sum();
    exponentials::<V>(z, largest, 1.0 / temperature);
    let sum: f64 = z[..classes].iter().map(|&e| f64::from(e)).sum();
    let scale = (f64::from(share * weight * temperature) / sum) as f32;
    for (e, q) in z.iter_mut().zip(q) {
        *e = *e * scale - q * (share * weight * temperature);
    }
    z[classes..].fill(0.0);
    (f64::from(weight * temperature * temperature) * (mass * sum.ln() - expected)) as f32
}

/// `z = e^((z - largest) factor)`.
#[inline(always)]
fn exponentials<V: Lanes>(z: &mut [f32], largest: f32, factor: f32) {
    for vector in z.chunks_exact_mut(V::N) {
        // SAFETY: a chunk has N values.
        unsafe {
            let shifted = V::load(vector.as_ptr()).sub(V::splat(largest));
            exp(shifted.mul(V::splat(factor))).store(vector.as_mut_ptr());
        }
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
