//! What a key may be in a search, and how a place in that range becomes a value.

use serde::{Deserialize, Serialize};

/// The values of one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Text")]
pub struct Range {
    /// Which values.
    pub kind: RangeKind,
}

/// Kinds of ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeKind {
    /// Numbers from `low` to `high`, evenly or evenly in their logarithm.
    Numbers {
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
        /// Whether orders of magnitude are equally likely.
        log: bool,
        /// Whether only whole numbers, both ends included.
        integer: bool,
    },
    /// One of these, as TOML texts.
    Choices(Vec<String>),
}

/// A range as study files have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    low: Option<f64>,
    high: Option<f64>,
    #[serde(default)]
    log: bool,
    #[serde(default)]
    integer: bool,
    choices: Option<Vec<toml::Value>>,
}

impl TryFrom<Text> for Range {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        let kind = match text {
            Text { choices: Some(choices), low: None, high: None, log: false, integer: false } => {
                if choices.len() < 2 {
                    return Err("expected two choices or more".into());
                }
                RangeKind::Choices(choices.iter().map(ToString::to_string).collect())
            }
            Text { low: Some(low), high: Some(high), log, integer, choices: None } => {
                if !(low.is_finite() && high.is_finite() && low < high) {
                    return Err(format!("expected low < high, found {low} and {high}"));
                }
                if log && low <= 0.0 {
                    return Err(format!("expected low over 0 with log = true, found {low}"));
                }
                if integer && (low.fract() != 0.0 || high.fract() != 0.0) {
                    return Err(format!("expected whole ends with integer = true, found {low} and {high}"));
                }
                RangeKind::Numbers { low, high, log, integer }
            }
            _ => return Err("expected { low, high } with log or integer if wanted, or { choices }".into()),
        };
        Ok(Self { kind })
    }
}

impl Range {
    /// The interval of places, `[start, end)`: logarithms where the range is logarithmic, indices of choices.
    pub fn places(&self) -> (f64, f64) {
        match &self.kind {
            RangeKind::Choices(choices) => (0.0, choices.len() as f64),
            &RangeKind::Numbers { low, high, log, integer } => {
                let high = if integer { high + 1.0 } else { high };
                if log { (low.ln(), high.ln()) } else { (low, high) }
            }
        }
    }

    /// How many choices there are; none for numbers, which are without number.
    pub(crate) fn choices(&self) -> Option<u32> {
        match &self.kind {
            RangeKind::Choices(choices) => u32::try_from(choices.len()).ok(),
            RangeKind::Numbers { .. } => None,
        }
    }

    /// The place at a share in [0, 1) of the interval.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let (start, end) = self.places();
        start + (end - start) * share
    }

    /// The value at a place, as TOML text. Numbers have four significant digits.
    pub fn value(&self, place: f64) -> String {
        match &self.kind {
            RangeKind::Choices(choices) => {
                let index = (place.max(0.0) as usize).min(choices.len() - 1);
                choices[index].clone()
            }
            &RangeKind::Numbers { low, high, log, integer } => {
                let value = if log { place.exp() } else { place };
                if integer {
                    return format!("{}", value.floor().clamp(low, high) as i64);
                }
                format!("{:?}", significant(value).clamp(low, high))
            }
        }
    }

    /// Where a place lies between the ends, in [0, 1], for pictures: choices at even distances.
    pub fn share(&self, place: f64) -> f64 {
        let (start, end) = self.places();
        match &self.kind {
            RangeKind::Choices(choices) => place.floor() / (choices.len() - 1) as f64,
            RangeKind::Numbers { .. } => (place - start) / (end - start),
        }
        .clamp(0.0, 1.0)
    }
}

fn significant(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<Range, String> {
        let table: toml::Table = format!("r = {text}").parse().unwrap();
        table["r"].clone().try_into().map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn places_become_values_of_the_right_kind() {
        let log = range("{ low = 1e-4, high = 1e-1, log = true }").unwrap();
        assert_eq!(log.value(log.at(0.0)), "0.0001");
        assert_eq!(log.value(log.at(1.0 / 3.0)), "0.001");
        assert_eq!(log.value(1e-7f64.ln()), "0.0001", "never beyond the ends");
        let whole = range("{ low = 0, high = 2, integer = true }").unwrap();
        let values: Vec<String> =
            [0.0, 0.32, 0.34, 0.65, 0.67, 0.999].iter().map(|&s| whole.value(whole.at(s))).collect();
        assert_eq!(values, ["0", "0", "1", "1", "2", "2"]);
        let choices = range("{ choices = [[256, 128], \"gelu\", 3] }").unwrap();
        let values: Vec<String> = [0.1, 0.5, 0.9].iter().map(|&s| choices.value(choices.at(s))).collect();
        assert_eq!(values, ["[256, 128]", "\"gelu\"", "3"]);
        assert_eq!((choices.share(0.5), choices.share(2.9)), (0.0, 1.0));
    }

    #[test]
    fn a_range_that_is_none_is_refused() {
        for (text, why) in [
            ("{ low = 2, high = 1 }", "expected low < high"),
            ("{ low = 0, high = 1, log = true }", "expected low over 0"),
            ("{ low = 0.5, high = 2, integer = true }", "expected whole ends"),
            ("{ choices = [1] }", "expected two choices"),
            ("{ low = 1 }", "expected { low, high }"),
            ("{ low = 1, high = 2, step = 3 }", "unknown field `step`"),
        ] {
            let error = range(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
