//! Counts in the cells of a confusion matrix.

use crate::color::{Color, FAINT};
use crate::mark::{Anchor, Area, Text};
use crate::picture::Picture;
use crate::typeface;

/// Zeros are written up to this many classes; beyond it they would hide what is not zero.
const MOST_CLASSES_WITH_ZEROS: usize = 20;
/// Least side of a cell with a count, and least size of text in units (twice as many pixels).
const LEAST_WRITTEN: f32 = 18.0;
const LEAST_TEXT: f32 = 7.0;

/// How counts are written in one matrix: all alike.
pub(crate) struct CountText {
    size: f32,
    short: bool,
    zeros: bool,
    hidden: bool,
}

impl CountText {
    /// The largest text with which every count fits `room`, shortened only if it would get too small.
    pub(crate) fn new(confusion: &[Vec<u32>], room: f32) -> Self {
        let widest = |word: fn(u32) -> String| {
            confusion.iter().flatten().map(|&count| typeface::width(&word(count), 1.0, false)).fold(0.1, f32::max)
        };
        let whole = room / widest(|count| count.to_string());
        let short = whole < LEAST_TEXT;
        let size = if short { room / widest(shortened) } else { whole };
        Self {
            size: size.min(room * 0.6).min(14.0),
            short,
            zeros: confusion.len() <= MOST_CLASSES_WITH_ZEROS,
            hidden: room < LEAST_WRITTEN,
        }
    }

    pub(crate) fn draw(&self, picture: &mut Picture, count: u32, area: Area, fill: Color) {
        if self.hidden || (count == 0 && !self.zeros) {
            return;
        }
        let word = if self.short { shortened(count) } else { count.to_string() };
        let color = if count == 0 { FAINT } else { fill.text() };
        picture.text(Text::new(word, area.middle(), self.size).color(color).anchor(Anchor::Middle));
    }
}

/// A count in at most four characters: 9999, 12k, 1.2M, 4.3G.
fn shortened(count: u32) -> String {
    let (unit, letter) = match count {
        0..=9_999 => return count.to_string(),
        10_000..=999_499 => (1e3, 'k'),
        999_500..=999_499_999 => (1e6, 'M'),
        _ => (1e9, 'G'),
    };
    let value = f64::from(count) / unit;
    if value < 9.95 { format!("{value:.1}{letter}") } else { format!("{value:.0}{letter}") }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shortened_to_four_characters() {
        let table = [
            (0, "0"),
            (9_999, "9999"),
            (10_000, "10k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (12_345_678, "12M"),
            (999_500_000, "1.0G"),
            (u32::MAX, "4.3G"),
        ];
        for (count, expected) in table {
            assert_eq!(shortened(count), expected, "{count}");
        }
        assert_eq!(grouped(18_446_744), "18,446,744");
        assert_eq!(grouped(0), "0");
    }
}
