//! What the tail says of the loss: its gradient, the losses and the hits that it notes, against the twins.

use super::close::{Expected, Ledger};
use super::stage::{Matrix, STEP};
use super::steps::Checked;
use crate::EngineError;
use fude_kernels::loss;

impl Checked<'_> {
    pub(super) fn loss(&self, z: &[Expected], delta: &Matrix, ledger: &mut Ledger) -> Result<(), EngineError> {
        let (stage, case) = (self.stage, self.stage.case);
        let classes = case.model.outputs;
        let labels = stage.labels(self.model);
        let targets = self.targets(&labels);
        let logits: Vec<f64> = z.iter().map(|z| z.value).collect();
        // What a logit is off by changes a probability by at most as much, and so does every other logit of the row.
        let off = |row: usize| z[row * classes..][..classes].iter().map(|z| z.tolerance).fold(0.0, f64::max);
        let share = 1.0 / case.rows as f64;
        let (losses, gradient) = self.losses(&logits, &targets);
        let gradient: Vec<_> = gradient
            .into_iter()
            .enumerate()
            .map(|(at, value)| Expected { value, tolerance: share * (2.0 * off(at / classes) + 2e-6) })
            .collect();
        ledger.compare(self.name(), &self.what("gradients", stage.layers() - 1), &delta.values, &gradient);
        let (mut noted, mut expected) = (Vec::new(), Vec::new());
        let (mut hits, mut expected_hits) = (Vec::new(), Vec::new());
        let notes = stage.words("notes")?;
        let of_model = case.batch.div_ceil(4);
        for group in 0..case.rows.div_ceil(4) {
            let rows = 4 * group..case.rows.min(4 * group + 4);
            let note = &notes[2 * (self.model * of_model + group)..][..2];
            noted.push(f64::from(f32::from_bits(note[0])));
            let tolerance = |row: usize| 4.0 * off(row) + 2e-6 * (1.0 + losses[row].abs());
            expected.push(Expected {
                value: losses[rows.clone()].iter().sum(),
                tolerance: rows.clone().map(tolerance).sum(),
            });
            let row_logits = |row: usize| &logits[row * classes..][..classes];
            if rows.clone().all(|row| !is_torn(row_logits(row), off(row))) {
                hits.push(f64::from(note[1]));
                let hit = |&row: &usize| first_largest(row_logits(row)) == usize::from(labels[row]);
                expected_hits.push(rows.filter(hit).count() as f64);
            }
        }
        ledger.compare(self.name(), &self.what("losses", stage.layers() - 1), &noted, &expected);
        ledger.compare_exactly(self.name(), &self.what("hits", stage.layers() - 1), &hits, &expected_hits);
        Ok(())
    }

    /// What the step's rows should say, `[B, O]`: smoothed, and mixed with the partner's.
    fn targets(&self, labels: &[u8]) -> Vec<f64> {
        let case = self.stage.case;
        let own = loss::targets(labels, case.model.outputs, f64::from(case.smoothing));
        let Some(share) = case.mixed.map(f64::from) else { return own };
        let partners = own.chunks_exact(case.model.outputs).rev().flatten();
        own.iter().zip(partners).map(|(own, partner)| share * own + (1.0 - share) * partner).collect()
    }

    /// Each row's loss `[B]` and the gradient of their mean `[B, O]`, a teacher's share in them.
    fn losses(&self, logits: &[f64], targets: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let classes = self.stage.case.model.outputs;
        let hard = (loss::cross_entropy(logits, targets, classes), loss::gradient(logits, targets, classes));
        let Some(teacher) = &self.stage.plans[self.model].teacher else { return hard };
        let (w, t) = (f64::from(teacher.weight), f64::from(teacher.temperature));
        let warm: Vec<f64> = logits.iter().map(|z| z / t).collect();
        let said = |&row: &u32| &teacher.probabilities[row as usize * classes..][..classes];
        let q: Vec<f64> =
            self.stage.plans[self.model].rows(STEP).iter().flat_map(said).map(|&q| f64::from(q)).collect();
        // The twin's gradient takes q to sum to 1, which it does to f32's last place.
        let soft = (loss::cross_entropy(&warm, &q, classes), loss::gradient(&warm, &q, classes));
        let mix = |hard: &[f64], soft: &[f64], factor: f64| -> Vec<f64> {
            hard.iter().zip(soft).map(|(hard, soft)| (1.0 - w) * hard + w * factor * soft).collect()
        };
        (mix(&hard.0, &soft.0, t * t), mix(&hard.1, &soft.1, t))
    }
}

/// Whether the largest logit may be another one.
fn is_torn(logits: &[f64], off: f64) -> bool {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logits.iter().filter(|&&z| z >= largest - 2.0 * off).count() > 1
}

fn first_largest(logits: &[f64]) -> usize {
    (0..logits.len()).fold(0, |best, at| if logits[at] > logits[best] { at } else { best })
}
