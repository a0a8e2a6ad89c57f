//! The bundled font: what it can draw, how wide text is, and its coverage of pixels.

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont, point};
use std::sync::LazyLock;

static REGULAR: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| parse(include_bytes!("../assets/fonts/DejaVuSans.subset.ttf")));
static BOLD: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| parse(include_bytes!("../assets/fonts/DejaVuSans-Bold.subset.ttf")));

/// The height of capitals and digits, in sizes.
pub(crate) const CAP_HEIGHT: f32 = 0.729;

/// None, and then no text, if the font were damaged; a test keeps that from happening.
fn parse(bytes: &'static [u8]) -> Option<FontRef<'static>> {
    FontRef::try_from_slice(bytes).ok()
}

fn font(bold: bool) -> Option<&'static FontRef<'static>> {
    if bold { BOLD.as_ref() } else { REGULAR.as_ref() }
}

/// `size` is that of the em square; ab_glyph scales by the line height.
fn scale(font: &FontRef<'_>, size: f32) -> PxScale {
    PxScale::from(size * font.height_unscaled() / font.units_per_em().unwrap_or(1.0))
}

/// Whether the font has this character.
pub(crate) fn can_draw(character: char) -> bool {
    font(false).is_some_and(|font| font.glyph_id(character) != GlyphId(0))
}

/// Width of a line of text in the unit of `size`.
pub(crate) fn width(text: &str, size: f32, bold: bool) -> f32 {
    let mut end = 0.0;
    set(text, size, bold, |_, _, _, right| end = right);
    end
}

/// The text, or its beginning and an ellipsis where it is wider than `most`.
pub(crate) fn fit(text: &str, size: f32, bold: bool, most: f32) -> String {
    if width(text, size, bold) <= most {
        return text.to_owned();
    }
    let room = most - width("…", size, bold);
    let mut kept = 0;
    set(text, size, bold, |_, _, _, right| kept += usize::from(right <= room));
    let beginning: String = text.chars().take(kept).collect();
    if room < 0.0 { String::new() } else { format!("{}…", beginning.trim_end()) }
}

/// Calls `pixel(x, y, coverage)` for each pixel that the text touches; its baseline starts at the origin plus
/// `offset` (under a pixel, to the right).
pub(crate) fn draw(text: &str, size: f32, bold: bool, offset: f32, mut pixel: impl FnMut(i32, i32, f32)) {
    set(text, size, bold, |font, id, left, _| {
        let glyph = id.with_scale_and_position(scale(font, size), point(left + offset, 0.0));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| pixel(corner.x as i32 + x as i32, corner.y as i32 + y as i32, coverage));
        }
    });
}

/// Calls `place(font, glyph, left, right)` for each character with its horizontal extent.
fn set(text: &str, size: f32, bold: bool, mut place: impl FnMut(&FontRef<'static>, GlyphId, f32, f32)) {
    let Some(font) = font(bold) else { return };
    let scaled = font.as_scaled(scale(font, size));
    let mut left = 0.0;
    let mut previous = None;
    for id in text.chars().map(|character| font.glyph_id(character)) {
        left += previous.map_or(0.0, |previous| scaled.kern(previous, id));
        let right = left + scaled.h_advance(id);
        place(font, id, left, right);
        (left, previous) = (right, Some(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_fonts_draw_latin_letters_and_the_symbols_used() {
        for bold in [false, true] {
            for character in ('!'..='~').chain("äßé→±×·–—…−".chars()) {
                let mut ink = 0.0;
                draw(&character.to_string(), 20.0, bold, 0.0, |_, _, coverage| ink += coverage);
                assert!(ink > 1.0, "'{character}' (bold: {bold}) is blank");
            }
        }
        assert!(can_draw('→') && !can_draw('お') && !can_draw('\n'));
    }

    #[test]
    fn capitals_are_as_high_as_layouts_assume() {
        let mut top = 0;
        draw("H", 100.0, false, 0.0, |_, y, coverage| top = if coverage > 0.5 { top.min(y) } else { top });
        assert!((-top as f32 - 100.0 * CAP_HEIGHT).abs() <= 1.0, "{top}");
    }

    #[test]
    fn text_too_wide_ends_with_an_ellipsis_within_the_width() {
        let long = "a name much too long for its place";
        let short = fit(long, 10.0, false, 80.0);
        assert!(short.ends_with('…') && width(&short, 10.0, false) <= 80.0, "{short}");
        assert_eq!(fit(long, 10.0, false, 1e6), long);
        assert_eq!(fit(long, 10.0, false, 1.0), "");
        assert!(fit(&"endless ".repeat(100_000), 10.0, false, 80.0).starts_with("endless"));
    }
}
