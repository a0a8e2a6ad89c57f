//! A finished layout, and what becomes of it.

use crate::ReportError;
use crate::color::{Color, MUTED};
use crate::label::drawable;
use crate::mark::{Anchor, Area, Mark, Text};
use crate::raster::Raster;
use crate::typeface;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use std::path::Path;

/// Pixels along a unit: twice what a page shows at its natural size, so that print and dense screens are sharp.
pub const PIXELS_PER_UNIT: usize = 2;

/// 100 million pixels, 300 MB while painted.
const MOST_PIXELS: u64 = 100_000_000;

/// Space around everything, in units.
pub(crate) const MARGIN: f32 = 20.0;
/// Height of the title and of the line under it, in units.
pub(crate) const HEADER: f32 = 62.0;

/// A picture, laid out and not yet painted.
#[derive(Clone, Debug)]
pub struct Picture {
    width: f32,
    height: f32,
    pub(crate) marks: Vec<Mark>,
}

impl Picture {
    /// An empty picture; its size is in units.
    pub(crate) fn new(width: f32, height: f32) -> Self {
        Self { width: width.ceil(), height: height.ceil(), marks: Vec::new() }
    }

    /// A picture with a title and a note instead of data.
    pub(crate) fn message(title: &str, message: &str) -> Self {
        let mut picture = Self::new(480.0, 160.0);
        picture.header(title, "");
        picture.text(Text::new(message, [240.0, 100.0], 14.0).color(MUTED).anchor(Anchor::Middle));
        picture
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let pixels = |units: f32| units as u32 * PIXELS_PER_UNIT as u32;
        (pixels(self.width), pixels(self.height))
    }

    /// Width and height in units.
    pub(crate) fn units(&self) -> [f32; 2] {
        [self.width, self.height]
    }

    /// Paints it and encodes it as PNG.
    ///
    /// # Errors
    /// [`ReportError::TooLarge`] over 100 million pixels; [`ReportError::Encode`] if the encoder fails.
    pub fn to_png(&self) -> Result<Vec<u8>, ReportError> {
        let (width, height) = self.size();
        let (wide, high) = (u64::from(width), u64::from(height));
        if wide * high > MOST_PIXELS {
            return Err(ReportError::TooLarge { width: wide, height: high, most: MOST_PIXELS });
        }
        let raster = Raster::paint(width as usize, height as usize, &self.marks);
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive).write_image(
            raster.pixels(),
            width,
            height,
            ExtendedColorType::Rgb8,
        )?;
        Ok(png)
    }

    /// Writes it as a PNG file that readers see whole or not at all.
    ///
    /// # Errors
    /// Those of [`Picture::to_png`]; [`ReportError::Write`] with what the system says.
    pub fn save(&self, path: &Path) -> Result<(), ReportError> {
        let png = self.to_png()?;
        fude_record::write_atomically(path, &png).map_err(|source| ReportError::Write { path: path.to_owned(), source })
    }

    /// The title, and a quieter line under it.
    pub(crate) fn header(&mut self, title: &str, note: &str) {
        let room = self.width - 2.0 * MARGIN;
        self.text(Text::new(typeface::fit(&drawable(title), 15.0, true, room), [MARGIN, 22.0], 15.0).bold());
        self.text(Text::new(typeface::fit(note, 11.0, false, room), [MARGIN, 42.0], 11.0).color(MUTED));
    }

    pub(crate) fn rect(&mut self, area: Area, fill: Color) {
        self.marks.push(Mark::Rect { area, fill });
    }

    pub(crate) fn line(&mut self, points: Vec<[f32; 2]>, width: f32, color: Color) {
        self.marks.push(Mark::Line { points, width, color });
    }

    /// A dashed straight line.
    pub(crate) fn dashes(&mut self, from: [f32; 2], to: [f32; 2], color: Color) {
        const DASH: f32 = 4.0;
        let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        let count = (dx.hypot(dy) / (2.0 * DASH)).ceil().max(1.0);
        let point = |share: f32| [from[0] + dx * share, from[1] + dy * share];
        for dash in 0..count as usize {
            let start = dash as f32 / count;
            self.line(vec![point(start), point(start + 0.5 / count)], 1.0, color);
        }
    }

    pub(crate) fn disc(&mut self, centre: [f32; 2], radius: f32, fill: Color) {
        self.marks.push(Mark::Disc { centre, radius, fill });
    }

    /// A line of text; nothing where it is empty.
    pub(crate) fn text(&mut self, text: Text) {
        if !text.content.is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }

    /// A grey image `[height, width]`.
    pub(crate) fn image(&mut self, at: [f32; 2], zoom: usize, width: usize, grey: &[u8]) {
        self.marks.push(Mark::Image { at, zoom, width, grey: grey.to_vec() });
    }
}
