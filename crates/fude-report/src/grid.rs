//! Samples of a data set: a row of images a class.

use crate::ReportError;
use crate::color::{INK, MUTED};
use crate::error::check_image;
use crate::label::ClassLabel;
use crate::mark::{Anchor, Text};
use crate::picture::{HEADER, MARGIN, PIXELS_PER_UNIT, Picture};
use crate::tag::Tag;

/// The side of an image in pixels that whole magnifications come near to, and the most magnification.
const IMAGE_PIXELS: usize = 112;
const MOST_ZOOM: usize = 8;
/// Space between images, size of text, and the most units of a class name.
const GAP: f32 = 4.0;
const TEXT: f32 = 14.0;
const LONGEST_LABEL: f32 = 180.0;

/// Draws a row of images a class, with the class's label at the left.
///
/// Each image is `[height, width]` grey values, magnified by a whole number; rows may be of different lengths. Without
/// rows, or with only empty ones, the picture says so.
///
/// # Errors
/// [`ReportError::Shape`] where an image does not have `height * width` pixels.
pub fn image_grid(
    rows: &[(ClassLabel, Vec<&[u8]>)],
    height: usize,
    width: usize,
    title: &str,
) -> Result<Picture, ReportError> {
    for (class, (label, images)) in rows.iter().enumerate() {
        for (index, pixels) in images.iter().enumerate() {
            check_image(|| format!("image {index} of class {class} ({})", label.name), pixels, [height, width])?;
        }
    }
    let columns = rows.iter().map(|(_, images)| images.len()).max().unwrap_or(0);
    if columns == 0 {
        return Ok(Picture::message(title, "no images"));
    }
    let layout = Layout::new(rows, [height, width], columns);
    let mut picture = layout.picture(rows.len());
    picture.header(title, "");
    for (class, (tag, (_, images))) in layout.tags.iter().zip(rows).enumerate() {
        let top = TOP + class as f32 * layout.cell[1];
        layout.row(&mut picture, tag, images, top);
    }
    Ok(picture)
}

/// Where the first row begins: there is no line under the title.
const TOP: f32 = HEADER - 18.0;

/// Where everything is.
struct Layout<'a> {
    tags: Vec<Tag<'a>>,
    left: f32,
    zoom: usize,
    image_width: usize,
    columns: usize,
    cell: [f32; 2],
}

impl<'a> Layout<'a> {
    fn new(rows: &'a [(ClassLabel, Vec<&[u8]>)], [height, width]: [usize; 2], columns: usize) -> Self {
        let zoom = (IMAGE_PIXELS / height.max(width)).clamp(1, MOST_ZOOM);
        let tag = |(class, (label, _)): (usize, &'a (ClassLabel, _))| Tag::new(label, class, TEXT, LONGEST_LABEL);
        let tags: Vec<Tag<'_>> = rows.iter().enumerate().map(tag).collect();
        let longest = tags.iter().map(Tag::length).fold(0.0, f32::max);
        let cell = [width, height].map(|side| (side * zoom) as f32 / PIXELS_PER_UNIT as f32 + GAP);
        // A row is no lower than its label.
        let cell = [cell[0], cell[1].max(TEXT * 1.5 + GAP)];
        Self { tags, left: MARGIN + longest + 14.0, zoom, image_width: width, columns, cell }
    }

    fn picture(&self, rows: usize) -> Picture {
        let width = self.left + self.columns as f32 * self.cell[0] - GAP + MARGIN;
        Picture::new(width.max(320.0), TOP + rows as f32 * self.cell[1] - GAP + MARGIN)
    }

    fn row(&self, picture: &mut Picture, tag: &Tag<'_>, images: &[&[u8]], top: f32) {
        let middle = top + (self.cell[1] - GAP) / 2.0;
        tag.draw(picture, [MARGIN, middle], INK);
        for (column, pixels) in images.iter().enumerate() {
            picture.image([self.left + column as f32 * self.cell[0], top], self.zoom, self.image_width, pixels);
        }
        if images.is_empty() {
            picture.text(Text::new("no images", [self.left, middle], 11.0).color(MUTED).anchor(Anchor::Start));
        }
    }
}
