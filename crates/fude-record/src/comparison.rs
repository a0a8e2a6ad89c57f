//! Whether two groups of runs differ by more than the noise between runs.

use crate::Spread;
use crate::spread::t_quantile;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// The difference of a figure between two groups of runs, second minus first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Mean of the second less mean of the first.
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// How likely a difference at least this large is where there is none, by Student's t.
    pub p: f64,
    /// How that was found.
    pub method: Method,
}

/// How a difference was tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Method {
    /// Over pairs of runs with the same seed and the same test images.
    Paired {
        /// Pairs.
        pairs: usize,
        /// The same likelihood without assuming a normal distribution: see `sign_flip_p`.
        p_sign_flips: f64,
    },
    /// Welch's test, over runs that cannot be paired.
    Welch {
        /// Its degrees of freedom.
        degrees: f64,
    },
}

impl Comparison {
    /// Of pairs (first, second); none for fewer than two.
    pub fn paired(pairs: &[(f64, f64)]) -> Option<Self> {
        let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
        let spread = Spread::of(&differences)?;
        let error = spread.deviation? / (pairs.len() as f64).sqrt();
        let method = Method::Paired { pairs: pairs.len(), p_sign_flips: sign_flip_p(&differences) };
        Some(Self::with(spread.mean, error, pairs.len() as f64 - 1.0, method))
    }

    /// Of runs that have nothing to do with each other; none for fewer than two on either side.
    pub fn welch(first: &[f64], second: &[f64]) -> Option<Self> {
        let (a, b) = (Spread::of(first)?, Spread::of(second)?);
        let (n, m) = (first.len() as f64, second.len() as f64);
        let (va, vb) = (a.deviation?.powi(2) / n, b.deviation?.powi(2) / m);
        let degrees = (va + vb).powi(2) / (va.powi(2) / (n - 1.0) + vb.powi(2) / (m - 1.0));
        // Without any spread the formula is 0 / 0; the smaller group bounds it.
        let degrees = if degrees.is_finite() { degrees } else { n.min(m) - 1.0 };
        Some(Self::with(b.mean - a.mean, (va + vb).sqrt(), degrees, Method::Welch { degrees }))
    }

    fn with(difference: f64, error: f64, degrees: f64, method: Method) -> Self {
        let half = t_quantile(degrees) * error;
        let interval = [difference - half, difference + half];
        Self { difference, interval, p: t_p(difference, error, degrees), method }
    }

    /// Whether the interval leaves 0 out.
    pub fn is_beyond_noise(&self) -> bool {
        let [low, high] = self.interval;
        low > 0.0 || high < 0.0
    }
}

/// Two-sided p of a difference with this standard error.
fn t_p(difference: f64, error: f64, degrees: f64) -> f64 {
    match (difference == 0.0, error == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        _ => {
            let t = -(difference / error).abs();
            StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |distribution| 2.0 * distribution.cdf(t))
        }
    }
}

/// Up to so many pairs every choice of signs is tried: a million.
const MOST_FLIPPED: usize = 20;

/// How likely a sum of differences at least this far from 0 is where each sign is a coin toss: all 2^n choices of signs
/// are counted (Fisher's randomisation test). With over 20 pairs, the sign test: how likely so uneven a count of signs is.
fn sign_flip_p(differences: &[f64]) -> f64 {
    let n = differences.len();
    if n > MOST_FLIPPED {
        return sign_p(differences);
    }
    let observed = differences.iter().sum::<f64>().abs();
    // Sums that differ by rounding alone are equal.
    let least = observed - 1e-12 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let signed =
        |signs: u32, index: usize| if signs >> index & 1 == 1 { -differences[index] } else { differences[index] };
    let sum = |signs: u32| (0..n).map(|index| signed(signs, index)).sum::<f64>().abs();
    let extreme = (0..1u32 << n).filter(|&signs| sum(signs) >= least).count();
    extreme as f64 / f64::from(1u32 << n)
}

fn sign_p(differences: &[f64]) -> f64 {
    let (up, down) =
        (differences.iter().filter(|&&d| d > 0.0).count(), differences.iter().filter(|&&d| d < 0.0).count());
    let fewer = up.min(down) as u64;
    Binomial::new(0.5, (up + down) as u64).map_or(1.0, |signs| (2.0 * signs.cdf(fewer)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-4, "{got}, expected {expected}");
    }

    /// Student's own data (Biometrika 1908), the hours of sleep that two drugs gained ten patients:
    /// R's `t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)`.
    #[test]
    fn a_paired_test_is_students() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = first.into_iter().zip(second).collect();
        let paired = Comparison::paired(&pairs).unwrap();
        near(paired.difference, 1.58);
        near(paired.interval[0], 0.700_114);
        near(paired.interval[1], 2.459_886);
        near(paired.p, 0.002_833);
        assert!(paired.is_beyond_noise());
        // No difference is negative and one is 0: of the 2^10 signs, 2 x 2 leave the sum as large.
        let Method::Paired { pairs: 10, p_sign_flips } = paired.method else { panic!("{:?}", paired.method) };
        near(p_sign_flips, 4.0 / 1024.0);

        // The same without pairing: R's `t.test(extra ~ group, data = sleep)`.
        let welch = Comparison::welch(&first, &second).unwrap();
        near(welch.p, 0.079_394);
        near(welch.interval[0], -0.205_483);
        near(welch.interval[1], 3.365_483);
        let Method::Welch { degrees } = welch.method else { panic!("{:?}", welch.method) };
        near(degrees, 17.776_474);
        assert!(!welch.is_beyond_noise());
    }

    #[test]
    fn equal_runs_do_not_differ_and_constant_shifts_do() {
        let same = Comparison::paired(&[(0.5, 0.5), (0.6, 0.6)]).unwrap();
        assert_eq!((same.p, same.is_beyond_noise()), (1.0, false));
        let shifted = Comparison::welch(&[0.5, 0.5], &[0.75, 0.75]).unwrap();
        assert_eq!((shifted.p, shifted.is_beyond_noise()), (0.0, true));
        assert_eq!(Comparison::paired(&[(0.5, 0.6)]), None);
        assert_eq!(Comparison::welch(&[0.5], &[0.6, 0.7]), None);
    }

    #[test]
    fn many_pairs_are_judged_by_their_signs() {
        let differences: Vec<f64> = (0..25).map(|i| if i < 5 { -1.0 } else { 1.0 }).collect();
        // R: `binom.test(5, 25)$p.value`.
        near(sign_flip_p(&differences), 0.004_077);
        near(sign_flip_p(&[1.0, -1.0]), 1.0);
    }
}
