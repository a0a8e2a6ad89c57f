//! Cutting a split off another.

use crate::options::bad;
use crate::{DataError, Split};
use fude_random::{Stream, shuffle};

/// What the share is called where no caller says it better.
const FRACTION: &str = "fraction held out";

/// Holds out `fraction` of the images, drawn at random by `seed`: (kept, held out).
///
/// `round(N * fraction)` images are held out, halves away from zero. Which ones depends on N and `seed` alone: classes
/// keep their shares on average, not exactly. Both parts keep the order of `split`.
///
/// # Errors
/// A fraction outside (0, 1), or one that leaves either part without an image ([`DataError::TooFew`], which
/// [`DataError::of`] completes).
pub fn cut(split: &Split, fraction: f64, seed: u32) -> Result<(Split, Split), DataError> {
    let n = split.len();
    let held_out = (n as f64 * fraction).round();
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(bad(FRACTION, "a share between 0 and 1", &fraction));
    }
    if !(held_out >= 1.0 && held_out < n as f64) {
        return Err(DataError::TooFew { what: "the images".to_owned(), setting: FRACTION, fraction, images: n });
    }
    let mut order = shuffle(seed, Stream::Split, 0, n);
    let (out, kept) = order.split_at_mut(held_out as usize);
    out.sort_unstable();
    kept.sort_unstable();
    Ok((split.select(kept), split.select(out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image `i` is one pixel of value `i`, its label too.
    fn numbered(n: u8) -> Split {
        Split { pixels: (0..n).collect(), labels: (0..n).collect(), height: 1, width: 1 }
    }

    #[test]
    fn a_cut_loses_nothing_and_depends_on_the_seed_alone() {
        let split = numbered(100);
        let (kept, held_out) = cut(&split, 0.2, 3).unwrap();
        assert_eq!((kept.len(), held_out.len()), (80, 20));
        let mut all = [kept.labels.clone(), held_out.labels.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, split.labels);
        assert_eq!(held_out.pixels, held_out.labels, "labels stay with their images");
        assert_eq!(cut(&split, 0.2, 3).unwrap().1, held_out);
        assert_ne!(cut(&split, 0.2, 4).unwrap().1, held_out);
    }

    #[test]
    fn the_number_held_out_is_rounded_and_never_zero_or_all() {
        for (n, fraction, expected) in [(10, 0.25, Some(3)), (3, 0.5, Some(2)), (2, 0.2, None), (2, 0.8, None)] {
            let held_out = cut(&numbered(n), fraction, 0).ok().map(|(_, out)| out.len());
            assert_eq!(held_out, expected, "{fraction} of {n}");
        }
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            let message = cut(&numbered(10), fraction, 0).unwrap_err().to_string();
            assert!(message.starts_with("fraction held out: expected a share between 0 and 1"), "{message}");
        }
        let message = cut(&numbered(2), 0.2, 0).unwrap_err().of("data.test_fraction", "my folder").to_string();
        assert!(message.starts_with("my folder: too few images for data.test_fraction = 0.2: "), "{message}");
        assert!(message.contains("found 2 in all"), "{message}");
    }
}
