//! The loss against its twin: labels, mixed labels, and a teacher.

use super::super::loss::LossGradient;
use super::super::memory::Grid;
use super::super::simd::Level;
use super::*;
use crate::Teacher;
use fude_kernels::loss;
use std::sync::Arc;

const LABELS: [u8; 7] = [0, 1, 0, 1, 1, 0, 1];

/// Losses and gradient of seven samples, in f64: `(1 - w) CE(target, z) + w T^2 CE(q, softmax(z / T))`.
fn expected(z: &[f64], targets: &[f64], classes: usize, teacher: Option<&Teacher>) -> (Vec<f64>, Vec<f64>) {
    let hard = (loss::cross_entropy(z, targets, classes), loss::gradient(z, targets, classes));
    let Some(teacher) = teacher else { return hard };
    let (w, t) = (f64::from(teacher.weight), f64::from(teacher.temperature));
    let warm: Vec<f64> = z.iter().map(|z| z / t).collect();
    let q = wide(&teacher.probabilities);
    let soft = (loss::cross_entropy(&warm, &q, classes), loss::gradient(&warm, &q, classes));
    let blend = |hard: Vec<f64>, soft: Vec<f64>, factor: f64| {
        hard.iter().zip(soft).map(|(h, s)| (1.0 - w) * h + w * factor * s).collect()
    };
    (blend(hard.0, soft.0, t * t), blend(hard.1, soft.1, t))
}

fn agree(classes: usize, smoothing: f32, mixed: Option<f32>, teacher: Option<&Teacher>) {
    let batch = LABELS.len();
    let z: Vec<f32> = numbers(9, batch * classes).iter().map(|z| z * 8.0).collect();
    let mut targets = loss::targets(&LABELS, classes, f64::from(smoothing));
    if let Some(own) = mixed.map(f64::from) {
        let partners: Vec<f64> = targets.chunks(classes).rev().flatten().copied().collect();
        targets.iter_mut().zip(partners).for_each(|(t, partner)| *t = own * *t + (1.0 - own) * partner);
    }
    let (losses, gradient) = expected(&wide(&z), &targets, classes, teacher);
    for level in Level::available() {
        let (mut logits, mut notes) = (grid(batch, classes, &z), Grid::new(batch, 2));
        let indices: Vec<u32> = (0..batch as u32).collect();
        level.run(LossGradient {
            logits: &logits,
            labels: &LABELS,
            indices: &indices,
            smoothing,
            mixed,
            teacher,
            notes: &notes,
            rows: 0..batch,
        });
        assert_close("gradient", &values(&mut logits), &gradient, |i| 2e-7 + 1e-6 * gradient[i].abs());
        let got: Vec<f32> = values(&mut notes).into_iter().step_by(2).collect();
        assert_close("loss", &got, &losses, |i| 1e-6 * (1.0 + losses[i].abs()));
    }
}

#[test]
fn loss_and_gradient_are_their_twins() {
    for (classes, smoothing) in [(2, 0.0), (10, 0.0), (10, 0.1), (16, 0.2), (17, 0.1), (49, 0.0)] {
        agree(classes, smoothing, None, None);
        agree(classes, smoothing, Some(0.7), None);
    }
}

#[test]
fn a_teacher_s_share_of_the_loss_is_its_twin() {
    for classes in [2, 10, 17] {
        let mut probabilities = vec![0.0; LABELS.len() * classes];
        for (row, q) in probabilities.chunks_mut(classes).enumerate() {
            q.fill(0.4 / classes as f32);
            q[row % classes] += 0.6;
        }
        let teacher = Teacher { probabilities: Arc::new(probabilities), weight: 0.75, temperature: 3.0 };
        agree(classes, 0.1, None, Some(&teacher));
        agree(classes, 0.0, Some(0.6), Some(&teacher));
    }
}
