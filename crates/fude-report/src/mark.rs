//! What pictures consist of. Coordinates are units from the top left, x to the right and y down.

use crate::color::{Color, INK};
use crate::label::Glyph;
use crate::typeface::{self, CAP_HEIGHT};

/// One thing drawn; later ones cover earlier ones.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    /// A filled rectangle.
    Rect { area: Area, fill: Color },
    /// Joined straight lines with round joins and ends.
    Line { points: Vec<[f32; 2]>, width: f32, color: Color },
    /// A filled disc with a paper-coloured rim, so that it shows on a line of its colour.
    Disc { centre: [f32; 2], radius: f32, fill: Color },
    /// A line of text.
    Text(Text),
    /// A grey image `[height, width]`, each of its pixels a square of `zoom` picture pixels.
    Image { at: [f32; 2], zoom: usize, width: usize, grey: Vec<u8> },
    /// A glyph scaled to a square: its values are how much of `color` covers what is there.
    Glyph { area: Area, glyph: Glyph, color: Color },
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) fn new(left: f32, top: f32, width: f32, height: f32) -> Self {
        Self { left, top, width, height }
    }

    pub(crate) fn right(&self) -> f32 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f32 {
        self.top + self.height
    }

    pub(crate) fn middle(&self) -> [f32; 2] {
        [self.left + self.width / 2.0, self.top + self.height / 2.0]
    }
}

/// Which point of a line of text its position names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text, placed by the middle of its capitals' height.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) content: String,
    pub(crate) at: [f32; 2],
    pub(crate) size: f32,
    pub(crate) color: Color,
    pub(crate) bold: bool,
    pub(crate) anchor: Anchor,
    /// Read from bottom to top.
    pub(crate) upward: bool,
}

impl Text {
    /// Dark text that starts at a point.
    pub(crate) fn new(content: impl Into<String>, at: [f32; 2], size: f32) -> Self {
        Self { content: content.into(), at, size, color: INK, bold: false, anchor: Anchor::Start, upward: false }
    }

    pub(crate) fn color(self, color: Color) -> Self {
        Self { color, ..self }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(crate) fn upward(self) -> Self {
        Self { upward: true, ..self }
    }

    /// Its length along the reading direction.
    pub(crate) fn length(&self) -> f32 {
        typeface::width(&self.content, self.size, self.bold)
    }

    /// Where it starts, seen along the reading direction from its position.
    pub(crate) fn start(&self) -> f32 {
        match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -self.length() / 2.0,
            Anchor::End => -self.length(),
        }
    }

    /// The space that its capitals cover.
    #[cfg(test)]
    pub(crate) fn area(&self) -> Area {
        let ([x, y], start, length, cap) = (self.at, self.start(), self.length(), self.size * CAP_HEIGHT);
        if self.upward {
            return Area::new(x - cap / 2.0, y - start - length, cap, length);
        }
        Area::new(x + start, y - cap / 2.0, length, cap)
    }

    /// How far the baseline lies under the position.
    pub(crate) fn drop(&self) -> f32 {
        self.size * CAP_HEIGHT / 2.0
    }
}
