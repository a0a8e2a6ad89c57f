//! A class label set in a picture: the drawn character, then the text.

use crate::color::Color;
use crate::label::{ClassLabel, Glyph};
use crate::mark::{Anchor, Area, Mark, Text};
use crate::picture::Picture;
use crate::typeface;

/// A label at a size, with the text that fits.
#[derive(Clone, Debug)]
pub(crate) struct Tag<'a> {
    glyph: Option<&'a Glyph>,
    text: String,
    size: f32,
}

impl<'a> Tag<'a> {
    /// The label of `class`, at most `most` units long; text that is longer ends with an ellipsis.
    pub(crate) fn new(label: &'a ClassLabel, class: usize, size: f32, most: f32) -> Self {
        let glyph = label.glyph.as_ref();
        let whole = Self { glyph, text: label.text(class), size };
        let room = most - (whole.length() - whole.text_length());
        Self { text: typeface::fit(&whole.text, size, false, room), ..whole }
    }

    /// The side of the drawn character: its strokes need more room than letters.
    fn side(&self) -> f32 {
        self.size * 1.5
    }

    fn gap(&self) -> f32 {
        if self.glyph.is_some() && !self.text.is_empty() { self.size * 0.35 } else { 0.0 }
    }

    fn text_length(&self) -> f32 {
        typeface::width(&self.text, self.size, false)
    }

    /// Its length in units.
    pub(crate) fn length(&self) -> f32 {
        self.glyph.map_or(0.0, |_| self.side()) + self.gap() + self.text_length()
    }

    /// Sets it from `x` to the right, its middle at `y`.
    pub(crate) fn draw(&self, picture: &mut Picture, [x, y]: [f32; 2], color: Color) {
        let mut left = x;
        if let Some(glyph) = self.glyph {
            let area = Area::new(left, y - self.side() / 2.0, self.side(), self.side());
            picture.marks.push(Mark::Glyph { area, glyph: glyph.clone(), color });
            left += self.side() + self.gap();
        }
        picture.text(Text::new(&self.text, [left, y], self.size).color(color));
    }

    /// Sets it from `y` down, its middle at `x`: the character upright, under it the text, read upwards.
    pub(crate) fn draw_upward(&self, picture: &mut Picture, [x, y]: [f32; 2], color: Color) {
        let mut top = y;
        if let Some(glyph) = self.glyph {
            let area = Area::new(x - self.side() / 2.0, top, self.side(), self.side());
            picture.marks.push(Mark::Glyph { area, glyph: glyph.clone(), color });
            top += self.side() + self.gap();
        }
        picture.text(Text::new(&self.text, [x, top], self.size).color(color).anchor(Anchor::End).upward());
    }
}
