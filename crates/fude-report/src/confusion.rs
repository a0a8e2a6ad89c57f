//! Confusion matrices as heat maps.

use crate::color::{Color, FAINT, INK, MUTED, RIGHT_RAMP, WRONG_RAMP, ramp};
use crate::label::ClassLabel;
use crate::mark::{Anchor, Area, Text};
use crate::picture::{HEADER, MARGIN, Picture};
use crate::tag::Tag;
use crate::{ReportError, typeface};

/// The most classes drawn: labels are bytes.
pub const MOST_CLASSES: usize = 256;

/// Zeros are written up to this many classes; beyond it they would hide what is not zero.
const MOST_CLASSES_WITH_ZEROS: usize = 20;
/// Least side of a cell with a count, and least size of text in units (twice as many pixels).
const LEAST_WRITTEN: f32 = 18.0;
const LEAST_TEXT: f32 = 7.0;
/// The longest class label.
const LONGEST_LABEL: f32 = 130.0;
/// Side of the matrix up to which cells grow.
const SIDE: f32 = 600.0;

/// Draws counts `[O, O]`, a row a true class and a column a predicted one, with `classes` in the same order.
///
/// A cell's colour is its share of the row: blue for what is right, orange for what is wrong. Up to 49 classes, cells
/// have their counts, shortened (`1.2M`) where they would not fit; beyond it colour alone. Without classes the picture
/// says so.
///
/// # Errors
/// [`ReportError::Shape`] where rows, columns and labels are not equally many, or more than [`MOST_CLASSES`].
pub fn confusion_matrix(confusion: &[Vec<u32>], classes: &[ClassLabel], title: &str) -> Result<Picture, ReportError> {
    check(confusion, classes)?;
    if confusion.is_empty() {
        return Ok(Picture::message(title, "no classes"));
    }
    let layout = Layout::new(confusion, classes);
    let mut picture = Picture::new(layout.width(), layout.height());
    picture.header(title, &note(confusion));
    layout.cells(&mut picture);
    layout.labels(&mut picture);
    layout.axis_titles(&mut picture);
    color_key(&mut picture, layout.matrix);
    Ok(picture)
}

fn check(confusion: &[Vec<u32>], classes: &[ClassLabel]) -> Result<(), ReportError> {
    let count = confusion.len();
    if count > MOST_CLASSES {
        return Err(ReportError::shape("confusion matrix", format!("at most {MOST_CLASSES} classes"), count));
    }
    if classes.len() != count {
        return Err(ReportError::shape("labels of a confusion matrix", count, classes.len()));
    }
    match confusion.iter().enumerate().find(|(_, row)| row.len() != count) {
        Some((row, counts)) => {
            Err(ReportError::shape(format!("row {row} of a confusion matrix"), format!("{count} counts"), counts.len()))
        }
        None => Ok(()),
    }
}

/// How many images there are and how many of them are right.
fn note(confusion: &[Vec<u32>]) -> String {
    let total: u64 = confusion.iter().flatten().map(|&count| u64::from(count)).sum();
    let right: u64 = confusion.iter().enumerate().map(|(class, row)| u64::from(row[class])).sum();
    if total == 0 {
        return "no images".to_owned();
    }
    format!("{:.2} % of {} images right", 100.0 * right as f64 / total as f64, grouped(total))
}

/// Where everything is.
struct Layout<'a> {
    confusion: &'a [Vec<u32>],
    tags: Vec<Tag<'a>>,
    cell: f32,
    matrix: Area,
    /// Column labels are read upwards, where they are wider than cells.
    upward: bool,
}

impl<'a> Layout<'a> {
    fn new(confusion: &'a [Vec<u32>], classes: &'a [ClassLabel]) -> Self {
        let count = confusion.len() as f32;
        let cell = cell_side(confusion.len());
        let size = (cell * 0.5).clamp(8.5, 12.0);
        let tags: Vec<Tag<'_>> =
            classes.iter().enumerate().map(|(class, label)| Tag::new(label, class, size, LONGEST_LABEL)).collect();
        let longest = longest(&tags);
        let left = MARGIN + 22.0 + longest + 8.0;
        Self {
            confusion,
            tags,
            cell,
            matrix: Area::new(left, HEADER, cell * count, cell * count),
            upward: longest > cell - 4.0,
        }
    }

    /// The height of the column labels.
    fn label_depth(&self) -> f32 {
        if self.upward { longest(&self.tags) } else { 18.0 }
    }

    fn width(&self) -> f32 {
        (self.matrix.right() + 108.0).max(400.0)
    }

    fn height(&self) -> f32 {
        let key = self.matrix.top + KEY_HEIGHT + 80.0;
        (self.matrix.bottom() + 8.0 + self.label_depth() + 40.0).max(key)
    }

    fn cells(&self, picture: &mut Picture) {
        let gap = if self.cell > 10.0 { 1.0 } else { 0.0 };
        let count_text = CountText::new(self.confusion, self.cell - 4.0);
        for (row, counts) in self.confusion.iter().enumerate() {
            let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
            for (column, &count) in counts.iter().enumerate() {
                let [x, y] = [column, row].map(|index| index as f32 * self.cell);
                let area = Area::new(self.matrix.left + x, self.matrix.top + y, self.cell - gap, self.cell - gap);
                let share = f64::from(count) / total.max(1) as f64;
                let fill = shade(share as f32, row == column);
                picture.rect(area, fill);
                count_text.draw(picture, count, area, fill);
            }
        }
    }

    /// Every label where there is room, else every second, third, ...
    fn labels(&self, picture: &mut Picture) {
        let stride = (12.0 / self.cell).ceil().max(1.0) as usize;
        for (class, tag) in self.tags.iter().enumerate().step_by(stride) {
            let along = (class as f32 + 0.5) * self.cell;
            let [x, y] = [self.matrix.left + along, self.matrix.top + along];
            tag.draw(picture, [self.matrix.left - 8.0 - tag.length(), y], INK);
            if self.upward {
                tag.draw_upward(picture, [x, self.matrix.bottom() + 8.0], INK);
            } else {
                tag.draw(picture, [x - tag.length() / 2.0, self.matrix.bottom() + 16.0], INK);
            }
        }
    }

    fn axis_titles(&self, picture: &mut Picture) {
        let [x, y] = self.matrix.middle();
        let below = self.matrix.bottom() + 8.0 + self.label_depth() + 18.0;
        picture.text(Text::new("true", [MARGIN + 6.0, y], 13.0).bold().anchor(Anchor::Middle).upward());
        picture.text(Text::new("predicted", [x, below], 13.0).bold().anchor(Anchor::Middle));
    }
}

fn cell_side(classes: usize) -> f32 {
    let classes = classes as f32;
    if classes <= 49.0 { (SIDE / classes).clamp(22.0, 84.0) } else { (49.0 * 22.0 / classes).max(4.0) }
}

fn longest(tags: &[Tag<'_>]) -> f32 {
    tags.iter().map(Tag::length).fold(0.0, f32::max)
}

/// The colour of a share of a row. The square root lets shares of a few percent be seen.
fn shade(share: f32, right: bool) -> Color {
    ramp(if right { &RIGHT_RAMP } else { &WRONG_RAMP }, share.sqrt())
}

/// How counts are written in one matrix: all alike.
struct CountText {
    size: f32,
    short: bool,
    zeros: bool,
    hidden: bool,
}

impl CountText {
    /// The largest text with which every count fits `room`, shortened only if it would get too small.
    fn new(confusion: &[Vec<u32>], room: f32) -> Self {
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

    fn draw(&self, picture: &mut Picture, count: u32, area: Area, fill: Color) {
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
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

const KEY_HEIGHT: f32 = 150.0;
/// Shades in a bar of the key.
const KEY_STEPS: usize = 50;

/// What the colours mean, to the right of the matrix.
fn color_key(picture: &mut Picture, matrix: Area) {
    let (left, top) = (matrix.right() + 20.0, matrix.top);
    for (bar, name) in ["right", "wrong"].into_iter().enumerate() {
        let x = left + bar as f32 * 15.0;
        for step in 0..KEY_STEPS {
            let position = 1.0 - (step as f32 + 0.5) / KEY_STEPS as f32;
            let height = KEY_HEIGHT / KEY_STEPS as f32;
            let area = Area::new(x, top + step as f32 * height, 12.0, height);
            picture.rect(area, shade(position * position, bar == 0));
        }
        let below = [x + 6.0, top + KEY_HEIGHT + 7.0];
        picture.text(Text::new(name, below, 10.0).color(MUTED).anchor(Anchor::End).upward());
    }
    for percent in [0u8, 5, 25, 50, 100] {
        let y = top + KEY_HEIGHT * (1.0 - (f32::from(percent) / 100.0).sqrt());
        let text = Text::new(format!("{percent} %"), [left + 32.0, y.clamp(top + 4.0, top + KEY_HEIGHT - 4.0)], 10.0);
        picture.text(text.color(MUTED));
    }
    picture.text(Text::new("share of row", [left, top + KEY_HEIGHT + 52.0], 10.0).color(MUTED));
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
