//! All rows, and how they compare.

use crate::{Machine, Row, Spread};
use serde::Serialize;

/// The result of a benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where it was measured.
    pub machine: Machine,
    /// Experiment by experiment.
    pub rows: Vec<Row>,
}

/// How two rows of an experiment compare, round by round, so that whatever disturbed a round disturbed both.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The experiment.
    pub experiment: String,
    /// Who is compared.
    pub who: String,
    /// With whom, in words that follow the ratio: `times as fast as ...`.
    pub with: String,
    /// The ratio.
    pub ratio: Spread,
}

impl Report {
    /// Every row of `fused` against all others of its experiment, and several models at once against one after the
    /// other.
    pub fn comparisons(&self) -> Vec<Comparison> {
        let pairs = self.rows.iter().enumerate().flat_map(|(i, a)| {
            let others = self.rows.iter().enumerate().filter(move |&(j, _)| i != j);
            others.filter_map(move |(j, b)| compare(a, b, (a.epoch_seconds_median, i) < (b.epoch_seconds_median, j)))
        });
        pairs.collect()
    }
}

/// `a` against `b`, where that says something; of two alike, only the `faster` speaks.
fn compare(a: &Row, b: &Row, faster: bool) -> Option<Comparison> {
    if a.experiment != b.experiment {
        return None;
    }
    let of_fused = a.engine == "fused" && a.models == 1 && b.models == 1 && (b.engine != "fused" || faster);
    let same_but_models = a.models > 1 && b.models == 1 && (&a.engine, &a.device) == (&b.engine, &b.device);
    let (scale, with) = if of_fused {
        (1.0, format!("times as fast as {}", b.label()))
    } else if same_but_models {
        (a.models as f64, "times as fast as one after the other".to_owned())
    } else {
        return None;
    };
    let ratios = a.epoch_seconds.iter().zip(&b.epoch_seconds).map(|(a, b)| scale * b / a);
    Some(Comparison { experiment: a.experiment.clone(), who: a.label(), with, ratio: Spread::of(ratios)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Measured;
    use crate::{Closing, EpochDone, Ready};
    use fude_record::Experiment;

    fn row(engine: &str, models: usize, seconds: &[f64]) -> Row {
        let experiment = Experiment::parse("name = \"e1\"\ndataset = \"kana\"\n", "e.toml", &[]).unwrap();
        let epoch = |&epoch_seconds: &f64| EpochDone { epoch_seconds, host_bytes: Some(7), device_bytes: None };
        let ready = Ready {
            engine: engine.into(),
            device: "it".into(),
            device_kind: "cpu".into(),
            detail: String::new(),
            images: 60_000,
            dispatches_per_step: None,
        };
        let epochs = seconds.iter().map(epoch).collect();
        let measured = Measured { ready, first_step_seconds: 0.1, epochs, closing: Closing::default(), models };
        Row::new(&experiment, measured, 100.0).unwrap()
    }

    #[test]
    fn figures_follow_from_the_median_epoch() {
        let row = row("fused", 2, &[0.5, 9.0, 0.4]);
        assert_eq!((row.epoch_seconds_median, row.samples_per_second), (0.5, 240_000.0));
        assert!((row.step_ms - 500.0 / 469.0).abs() < 1e-12);
        let expected = 240_000.0 * (4 * 784 * 128 + 6 * 128 * 10) as f64 / 1e9;
        assert!((row.gflops - expected).abs() < 1e-9 && row.peak_fraction == Some(row.gflops / 100.0));
        assert_eq!((row.host_growth_bytes, row.device_growth_bytes), (Some(0), None));
    }

    #[test]
    fn rows_are_compared_round_by_round() {
        let rows = vec![
            row("fused", 1, &[1.0, 2.0, 1.0]),
            row("burn", 1, &[4.0, 8.0, 5.0]),
            row("fused", 8, &[4.0, 8.0, 4.0]),
            row("torch", 1, &[2.0, 4.0, 2.0]),
        ];
        let machine = Machine { sgemm_gflops: 100.0, ..Machine::of_today() };
        let comparisons = Report { machine, rows }.comparisons();
        let said: Vec<(&str, f64, &str)> =
            comparisons.iter().map(|c| (c.who.as_str(), c.ratio.median, c.with.as_str())).collect();
        assert_eq!(
            said,
            [
                ("fused on the cpu", 4.0, "times as fast as burn on the cpu"),
                ("fused on the cpu", 2.0, "times as fast as torch on the cpu"),
                ("fused on the cpu, 8 models at once", 2.0, "times as fast as one after the other"),
            ]
        );
        assert_eq!(comparisons[0].ratio, Spread { median: 4.0, min: 4.0, max: 5.0 });
    }
}
