//! Seeds as people write them.

use std::ops::Range;
use std::str::FromStr;

/// The most runs of a series.
const MOST: usize = 1000;

/// Several seeds, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) Vec<u32>);

impl FromStr for Seeds {
    type Err = String;

    /// `0..5` is 0 to 4, `0..=5` is 0 to 5, `0,3,7` are these.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let range = range(part.trim()).ok_or_else(|| format!("expected seeds as 0..5 or 0,3,7, found '{part}'"))?;
            if range.end.saturating_sub(range.start) > MOST as u64 {
                return Err(format!("expected at most {MOST} seeds, found '{part}'"));
            }
            for seed in range {
                let seed =
                    u32::try_from(seed).map_err(|_| format!("expected seeds up to {}, found {seed}", u32::MAX))?;
                if seeds.contains(&seed) {
                    return Err(format!("expected each seed once, found {seed} twice"));
                }
                seeds.push(seed);
            }
        }
        if seeds.is_empty() {
            return Err(format!("expected at least one seed, found none in '{text}' (0..1 is seed 0)"));
        }
        Ok(Self(seeds))
    }
}

/// In u64, so that an end beyond the last seed is no overflow.
fn range(part: &str) -> Option<Range<u64>> {
    let number = |text: &str| text.trim().parse::<u32>().ok().map(u64::from);
    match part.split_once("..") {
        None => number(part).map(|seed| seed..seed + 1),
        Some((start, end)) => {
            let start = number(start)?;
            match end.strip_prefix('=') {
                Some(last) => Some(start..number(last)? + 1),
                None => Some(start..number(end)?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(text: &str) -> Result<Vec<u32>, String> {
        text.parse::<Seeds>().map(|seeds| seeds.0)
    }

    #[test]
    fn ranges_and_lists_are_read() {
        assert_eq!(seeds("0..5"), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(seeds("0..=2"), Ok(vec![0, 1, 2]));
        assert_eq!(seeds("7, 3,10..12"), Ok(vec![7, 3, 10, 11]));
        assert_eq!(seeds("4294967295"), Ok(vec![u32::MAX]));
    }

    #[test]
    fn what_is_no_seeds_is_told() {
        for (text, why) in [
            ("x", "expected seeds as 0..5 or 0,3,7, found 'x'"),
            ("1,", "expected seeds as 0..5 or 0,3,7, found ''"),
            ("3..3", "expected at least one seed, found none in '3..3' (0..1 is seed 0)"),
            ("0..0", "expected at least one seed, found none in '0..0' (0..1 is seed 0)"),
            ("1,0..2", "expected each seed once, found 1 twice"),
            ("0..4294967295", "expected at most 1000 seeds, found '0..4294967295'"),
        ] {
            assert_eq!(seeds(text), Err(why.to_owned()), "{text}");
        }
    }
}
