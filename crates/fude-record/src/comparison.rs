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
    /// How much it allows for hold-outs that share training images, the larger of two groups': see [`overlap`](crate::overlap).
    #[serde(default)]
    pub overlap: f64,
}

/// How a difference was tested.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Method {
    /// Over pairs of runs that have something in common.
    Paired {
        /// Pairs.
        pairs: usize,
        /// What the two of a pair have in common.
        by: PairedBy,
        /// The same likelihood without assuming a normal distribution: see `sign_flip_p`.
        p_sign_flips: f64,
    },
    /// Welch's test, over runs that cannot be paired.
    Welch {
        /// Its degrees of freedom.
        degrees: f64,
    },
}

/// What two runs of a pair have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairedBy {
    /// The seed and the test images.
    SeedAndImages,
    /// The test images: methods without a seed.
    Images,
    /// The seed; which test images they had is not known.
    Seed,
}

impl Comparison {
    /// Of pairs (first, second) whose training images overlap so much; none for fewer than two.
    pub fn paired(pairs: &[(f64, f64)], by: PairedBy, overlap: f64) -> Option<Self> {
        let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
        let spread = Spread::overlapping(&differences, overlap)?;
        let method = Method::Paired { pairs: pairs.len(), by, p_sign_flips: sign_flip_p(&differences) };
        let (error, degrees) = (spread.variance_of_mean()?.sqrt(), pairs.len() as f64 - 1.0);
        Some(Self { overlap, ..Self::with(spread.mean, error, degrees, method) })
    }

    /// Of runs of which none of one group has anything to do with one of the other; none for fewer than two on either side.
    pub fn welch(first: &Spread, second: &Spread) -> Option<Self> {
        let (va, vb) = (first.variance_of_mean()?, second.variance_of_mean()?);
        let (n, m) = (first.runs as f64, second.runs as f64);
        let degrees = (va + vb).powi(2) / (va.powi(2) / (n - 1.0) + vb.powi(2) / (m - 1.0));
        // Without any spread the formula is 0 / 0; the smaller group bounds it.
        let degrees = if degrees.is_finite() { degrees } else { n.min(m) - 1.0 };
        let overlap = first.overlap.max(second.overlap);
        Some(Self {
            overlap,
            ..Self::with(second.mean - first.mean, (va + vb).sqrt(), degrees, Method::Welch { degrees })
        })
    }

    fn with(difference: f64, error: f64, degrees: f64, method: Method) -> Self {
        let half = t_quantile(degrees) * error;
        let interval = [difference - half, difference + half];
        Self { difference, interval, p: t_p(difference, error, degrees), method, overlap: 0.0 }
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

    fn welch(first: &[f64], second: &[f64]) -> Option<Comparison> {
        Comparison::welch(&Spread::of(first)?, &Spread::of(second)?)
    }

    /// Student's own data (Biometrika 1908), the hours of sleep that two drugs gained ten patients:
    /// R's `t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)`.
    #[test]
    fn a_paired_test_is_students() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = first.into_iter().zip(second).collect();
        let paired = Comparison::paired(&pairs, PairedBy::Images, 0.0).unwrap();
        near(paired.difference, 1.58);
        near(paired.interval[0], 0.700_114);
        near(paired.interval[1], 2.459_886);
        near(paired.p, 0.002_833);
        assert!(paired.is_beyond_noise());
        // No difference is negative and one is 0: of the 2^10 signs, 2 x 2 leave the sum as large.
        let Method::Paired { pairs: 10, p_sign_flips, .. } = paired.method else { panic!("{:?}", paired.method) };
        near(p_sign_flips, 4.0 / 1024.0);

        // The same without pairing: R's `t.test(extra ~ group, data = sleep)`.
        let welch = welch(&first, &second).unwrap();
        near(welch.p, 0.079_394);
        near(welch.interval[0], -0.205_483);
        near(welch.interval[1], 3.365_483);
        let Method::Welch { degrees } = welch.method else { panic!("{:?}", welch.method) };
        near(degrees, 17.776_474);
        assert!(!welch.is_beyond_noise());
    }

    #[test]
    fn equal_runs_do_not_differ_and_constant_shifts_do() {
        let same = Comparison::paired(&[(0.5, 0.5), (0.6, 0.6)], PairedBy::Seed, 0.0).unwrap();
        assert_eq!((same.p, same.is_beyond_noise()), (1.0, false));
        let shifted = welch(&[0.5, 0.5], &[0.75, 0.75]).unwrap();
        assert_eq!((shifted.p, shifted.is_beyond_noise()), (0.0, true));
        assert_eq!(Comparison::paired(&[(0.5, 0.6)], PairedBy::Seed, 0.0), None);
        assert_eq!(welch(&[0.5], &[0.6, 0.7]), None);
    }

    /// Nadeau and Bengio's correction of ten folds: t falls by the root of (1/10 + 1/9) / (1/10).
    #[test]
    fn folds_that_share_training_images_differ_less_surely() {
        let pairs: Vec<(f64, f64)> = (0..10).map(|fold| (0.0, 0.01 + 0.002 * f64::from(fold % 3))).collect();
        let of = |overlap| Comparison::paired(&pairs, PairedBy::SeedAndImages, overlap).unwrap();
        let (apart, folds) = (of(0.0), of(1.0 / 9.0));
        assert_eq!(apart.difference, folds.difference);
        let width = |comparison: &Comparison| comparison.interval[1] - comparison.interval[0];
        near(width(&folds) / width(&apart), (19.0_f64 / 9.0).sqrt());
        assert!(folds.p > apart.p);
    }

    #[test]
    fn many_pairs_are_judged_by_their_signs() {
        let differences: Vec<f64> = (0..25).map(|i| if i < 5 { -1.0 } else { 1.0 }).collect();
        // R: `binom.test(5, 25)$p.value`.
        near(sign_flip_p(&differences), 0.004_077);
        near(sign_flip_p(&[1.0, -1.0]), 1.0);
    }
}
