//! Confusion matrices as heat maps.

use crate::ReportError;
use crate::color::INK;
use crate::color_key::{KEY_HEIGHT, color_key, shade};
use crate::count::{CountText, grouped};
use crate::label::ClassLabel;
use crate::mark::{Anchor, Area, Text};
use crate::picture::{HEADER, MARGIN, Picture};
use crate::tag::Tag;

/// The most classes drawn: labels are bytes.
pub const MOST_CLASSES: usize = 256;

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
