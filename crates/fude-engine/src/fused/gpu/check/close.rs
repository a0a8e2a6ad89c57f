//! Comparing numbers, and keeping count.

use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What comparing a shader with its twin came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShaderCheck {
    /// The shader's name.
    pub shader: &'static str,
    /// Numbers compared.
    pub compared: u64,
    /// The largest error, as a share of what is tolerated.
    pub worst: f64,
    /// Milliseconds of a dispatch, the fastest there was, with what it takes to submit it alone; none where it was not
    /// timed.
    pub milliseconds: Option<f64>,
    /// The first number that was off by more than is tolerated; none where all is well.
    pub mismatch: Option<String>,
}

/// Checks by shader.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<&'static str, ShaderCheck>);

/// A number and how far off it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) value: f64,
    pub(super) tolerance: f64,
}

impl Ledger {
    fn entry(&mut self, shader: &'static str) -> &mut ShaderCheck {
        self.0.entry(shader).or_insert_with(|| ShaderCheck { shader, ..Default::default() })
    }

    /// A dispatch took so long.
    pub(super) fn time(&mut self, shader: &'static str, duration: Duration) {
        let entry = self.entry(shader);
        let own = duration.as_secs_f64() * 1e3;
        entry.milliseconds = Some(entry.milliseconds.map_or(own, |fastest| fastest.min(own)));
    }

    /// Compares what a shader wrote; `what` says what it is.
    pub(super) fn compare(&mut self, shader: &'static str, what: &str, got: &[f64], expected: &[Expected]) {
        assert_eq!(got.len(), expected.len(), "{shader}: {what}");
        let entry = self.entry(shader);
        entry.compared += got.len() as u64;
        for (index, (got, Expected { value, tolerance })) in got.iter().zip(expected).enumerate() {
            let off = (got - value).abs();
            // A NaN is no small error.
            let share = if off.is_nan() { f64::INFINITY } else { off / tolerance.max(f64::MIN_POSITIVE) };
            entry.worst = entry.worst.max(share);
            if share > 1.0 && entry.mismatch.is_none() {
                entry.mismatch = Some(format!(
                    "{what}[{index}]: got {got}, expected {value}, off by {off:e} where {tolerance:e} is tolerated"
                ));
            }
        }
    }

    /// As [`Ledger::compare`], for numbers that must be equal.
    pub(super) fn compare_exactly(&mut self, shader: &'static str, what: &str, got: &[f64], expected: &[f64]) {
        let expected: Vec<_> = expected.iter().map(|&value| Expected { value, tolerance: 0.0 }).collect();
        self.compare(shader, what, got, &expected);
    }

    pub(super) fn into_checks(self) -> Vec<ShaderCheck> {
        self.0.into_values().collect()
    }
}

/// f32 as f64.
pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}
