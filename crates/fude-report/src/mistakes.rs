//! The worst mistakes as a grid of images.

use crate::color::{Color, MUTED};
use crate::error::check_image;
use crate::label::ClassLabel;
use crate::mark::{Anchor, Text};
use crate::picture::{HEADER, MARGIN, PIXELS_PER_UNIT, Picture};
use crate::tag::Tag;
use crate::{ReportError, typeface};
use fude_record::Mistake;

/// The most mistakes drawn.
pub const MOST_MISTAKES: usize = 40;

/// The side of an image in pixels that whole magnifications come near to, and the most magnification.
const IMAGE_PIXELS: usize = 168;
const MOST_ZOOM: usize = 8;
/// Width that rows of cells fill, and the most columns.
const ROW: f32 = 960.0;
const MOST_COLUMNS: usize = 8;
/// Sizes of the two lines of text, and the most units of a class name.
const TEXT: f32 = 11.0;
const SMALL_TEXT: f32 = 10.0;
const LONGEST_LABEL: f32 = 84.0;
/// Height of the two lines under an image, and the space between cells.
const CAPTION: f32 = 38.0;
const GAP: f32 = 18.0;
const ARROW: &str = "→";

/// A dark green: bluish green itself is too light for small text on white.
const TRUE_COLOR: Color = Color([0, 120, 88]);
const PREDICTED_COLOR: Color = Color([184, 76, 0]);

/// Draws the first [`MOST_MISTAKES`] images with their true class, the predicted one and its probability.
///
/// Each image is `[height, width]` grey values, magnified by a whole number; `labels` are those of all classes.
/// Without mistakes the picture says so.
///
/// # Errors
/// [`ReportError::Shape`] where an image does not have `height * width` pixels or a class has no label.
pub fn mistakes_grid(
    mistakes: &[(&[u8], Mistake)],
    height: usize,
    width: usize,
    labels: &[ClassLabel],
    title: &str,
) -> Result<Picture, ReportError> {
    let mistakes = &mistakes[..mistakes.len().min(MOST_MISTAKES)];
    let captions = mistakes
        .iter()
        .map(|(pixels, mistake)| {
            check_image(|| format!("image {}", mistake.index), pixels, [height, width])?;
            Caption::new(mistake, labels)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if mistakes.is_empty() {
        return Ok(Picture::message(title, "no mistakes"));
    }
    let layout = Layout::new(&captions, [height, width]);
    let mut picture = layout.picture(mistakes.len());
    picture.header(title, "true class → predicted class, and the probability given to it");
    for (index, ((pixels, _), caption)) in mistakes.iter().zip(&captions).enumerate() {
        let [centre, top] = layout.place(index);
        let image_width = units(width, layout.zoom);
        picture.image([centre - image_width / 2.0, top], layout.zoom, width, pixels);
        caption.draw(&mut picture, [centre, top + units(height, layout.zoom)]);
    }
    Ok(picture)
}

/// The units that image pixels take.
fn units(pixels: usize, zoom: usize) -> f32 {
    (pixels * zoom) as f32 / PIXELS_PER_UNIT as f32
}

/// Where the cells are.
struct Layout {
    zoom: usize,
    columns: usize,
    cell: [f32; 2],
}

impl Layout {
    fn new(captions: &[Caption<'_>], [height, width]: [usize; 2]) -> Self {
        let zoom = (IMAGE_PIXELS / height.max(width)).clamp(1, MOST_ZOOM);
        let widest = captions.iter().map(Caption::length).fold(units(width, zoom), f32::max);
        let cell = [widest + GAP, units(height, zoom) + CAPTION + GAP];
        let fitting = (ROW / cell[0]) as usize;
        Self { zoom, columns: fitting.clamp(1, MOST_COLUMNS).min(captions.len()), cell }
    }

    fn picture(&self, count: usize) -> Picture {
        let rows = count.div_ceil(self.columns);
        let width = 2.0 * MARGIN + self.columns as f32 * self.cell[0] - GAP;
        Picture::new(width.max(440.0), HEADER + rows as f32 * self.cell[1] - GAP + MARGIN)
    }

    /// The middle of the upper edge of an image.
    fn place(&self, index: usize) -> [f32; 2] {
        let [column, row] = [index % self.columns, index / self.columns].map(|i| i as f32);
        [MARGIN + column * self.cell[0] + (self.cell[0] - GAP) / 2.0, HEADER + row * self.cell[1]]
    }
}

/// What stands under an image.
struct Caption<'a> {
    label: Tag<'a>,
    predicted: Tag<'a>,
    probability: String,
}

impl<'a> Caption<'a> {
    fn new(mistake: &Mistake, labels: &'a [ClassLabel]) -> Result<Self, ReportError> {
        let tag = |class: u8| {
            let class = usize::from(class);
            let label = labels.get(class).ok_or_else(|| {
                ReportError::shape(format!("labels for image {}", mistake.index), format!("over {class}"), labels.len())
            })?;
            Ok::<_, ReportError>(Tag::new(label, class, TEXT, LONGEST_LABEL))
        };
        let percent = 100.0 * mistake.probability;
        let probability = if percent.is_finite() { format!("{percent:.1} %") } else { "not a number".to_owned() };
        Ok(Self { label: tag(mistake.label)?, predicted: tag(mistake.predicted)?, probability })
    }

    fn arrow_length() -> f32 {
        typeface::width(ARROW, TEXT, false) + 8.0
    }

    /// The length of the first line.
    fn pair_length(&self) -> f32 {
        self.label.length() + Self::arrow_length() + self.predicted.length()
    }

    fn length(&self) -> f32 {
        self.pair_length().max(typeface::width(&self.probability, SMALL_TEXT, false))
    }

    /// Sets it centred under a point.
    fn draw(&self, picture: &mut Picture, [x, y]: [f32; 2]) {
        let (left, first, second) = (x - self.pair_length() / 2.0, y + 14.0, y + 30.0);
        let arrow = left + self.label.length() + 4.0;
        self.label.draw(picture, [left, first], TRUE_COLOR);
        picture.text(Text::new(ARROW, [arrow, first], TEXT).color(MUTED));
        self.predicted.draw(picture, [left + self.label.length() + Self::arrow_length(), first], PREDICTED_COLOR);
        picture.text(Text::new(&self.probability, [x, second], SMALL_TEXT).color(MUTED).anchor(Anchor::Middle));
    }
}
