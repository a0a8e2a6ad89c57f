//! Mean and spread of figures over runs.

use crate::{Summary, overlap};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A figure over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Runs.
    pub runs: usize,
    /// Their mean.
    pub mean: f64,
    /// Sample standard deviation (n - 1); null for a single run.
    pub deviation: Option<f64>,
    /// The 95 % interval of the mean by Student's t with n - 1 degrees of freedom; null for a single run.
    pub interval: Option<[f64; 2]>,
    /// How much the interval allows for hold-outs that share training images: see [`overlap`].
    #[serde(default)]
    pub overlap: f64,
}

impl Spread {
    /// Of one value a run, from runs that have nothing to do with each other; none where there is no run.
    pub fn of(values: &[f64]) -> Option<Self> {
        Self::overlapping(values, 0.0)
    }

    /// The same from runs whose training images [`overlap`], which by themselves would make the interval too narrow.
    pub fn overlapping(values: &[f64], overlap: f64) -> Option<Self> {
        let runs = values.len();
        let n = runs as f64;
        let mean = values.iter().sum::<f64>() / n;
        match runs {
            0 => None,
            1 => Some(Self { runs, mean, deviation: None, interval: None, overlap }),
            _ => {
                let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
                let spread = Self { runs, mean, deviation: Some(deviation), interval: None, overlap };
                let half = t_quantile(n - 1.0) * spread.variance_of_mean()?.sqrt();
                Some(Self { interval: Some([mean - half, mean + half]), ..spread })
            }
        }
    }

    /// The squared standard error of the mean; none for a single run.
    pub(crate) fn variance_of_mean(&self) -> Option<f64> {
        Some(self.deviation?.powi(2) * (1.0 / self.runs as f64 + self.overlap))
    }
}

/// The 97.5 % quantile of Student's t, on both sides of which 95 % lie.
pub(crate) fn t_quantile(degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |t| t.inverse_cdf(0.975))
}

/// A figure by its name in the summary, and how it is read there.
pub type Figure = (&'static str, fn(&Summary) -> Option<f64>);

const FIGURES: [Figure; 6] = [
    ("train_accuracy", |s| s.train_accuracy),
    ("val_accuracy", |s| s.val_accuracy),
    ("test_accuracy", |s| s.test_accuracy),
    ("train_loss", |s| s.train_loss),
    ("val_loss", |s| s.val_loss),
    ("test_loss", |s| s.test_loss),
];

/// Each figure that every one of the runs has, with its spread over them.
pub fn spreads<'a>(summaries: impl Iterator<Item = &'a Summary> + Clone) -> Vec<(&'static str, Spread)> {
    let shared = overlap(&summaries.clone().collect::<Vec<_>>());
    let spread = |&(name, value): &Figure| {
        let values: Option<Vec<f64>> = summaries.clone().map(value).collect();
        Some((name, Spread::overlapping(&values?, shared)?))
    };
    FIGURES.iter().filter_map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `x <- c(0.88, 0.90, 0.87, 0.89, 0.91); sd(x); t.test(x)$conf.int`.
    #[test]
    fn mean_deviation_and_interval_are_those_of_a_t_test() {
        let spread = Spread::of(&[0.88, 0.90, 0.87, 0.89, 0.91]).unwrap();
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-6, "{got}, expected {expected}");
        near(spread.mean, 0.89);
        near(spread.deviation.unwrap(), 0.015_811_4);
        let [low, high] = spread.interval.unwrap();
        near(low, 0.870_367_6);
        near(high, 0.909_632_4);
    }

    /// Ten folds: the variance of the mean is s^2 (1/10 + 1/9) in place of s^2 / 10.
    #[test]
    fn shared_training_images_widen_the_interval_alone() {
        let values = [0.88, 0.90, 0.87, 0.89, 0.91, 0.88, 0.90, 0.87, 0.89, 0.91];
        let (apart, folds) = (Spread::of(&values).unwrap(), Spread::overlapping(&values, 1.0 / 9.0).unwrap());
        assert_eq!((apart.mean, apart.deviation), (folds.mean, folds.deviation));
        let width = |spread: &Spread| spread.interval.map_or(0.0, |[low, high]| high - low);
        let wider = ((0.1 + 1.0 / 9.0) / 0.1_f64).sqrt();
        assert!((width(&folds) / width(&apart) - wider).abs() < 1e-12);
    }

    /// Quantiles from a printed table.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, quantile) in [(1.0, 12.706_2), (2.0, 4.302_7), (4.0, 2.776_4), (7.0, 2.364_6), (30.0, 2.042_3)] {
            let got = t_quantile(degrees);
            assert!((got - quantile).abs() < 1e-4, "{degrees} degrees of freedom: {got}, expected {quantile}");
        }
    }

    #[test]
    fn one_run_has_no_spread_and_none_has_nothing() {
        let one = Spread { runs: 1, mean: 0.5, deviation: None, interval: None, overlap: 0.0 };
        assert_eq!(Spread::of(&[0.5]), Some(one));
        assert_eq!(Spread::of(&[]), None);
    }
}
