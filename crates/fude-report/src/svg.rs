//! A picture as SVG: text stays text, and the colours that have a name follow the page's theme.

use crate::color::{BLUE, Color, FAINT, GREEN, GRID, INK, MUTED, PAPER, PURPLE, VERMILLION};
use crate::mark::{Anchor, Area, Mark, Text};
use crate::picture::Picture;
use std::fmt::Write;

/// The named colours, as custom properties of the page's style sheet.
const NAMED: [(Color, &str); 9] = [
    (PAPER, "paper"),
    (INK, "ink"),
    (MUTED, "muted"),
    (FAINT, "faint"),
    (GRID, "grid"),
    (BLUE, "blue"),
    (GREEN, "green"),
    (VERMILLION, "vermillion"),
    (PURPLE, "purple"),
];

/// An `svg` element that is as wide as its place allows; `description` is read out in its stead.
pub(crate) fn svg(picture: &Picture, description: &str) -> String {
    let [width, height] = picture.units();
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg class=\"plot\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(description)
    );
    picture.marks.iter().for_each(|mark| push(&mut out, mark));
    out + "</svg>"
}

/// Text for HTML and SVG, in content and in attributes alike. Control characters, which XML has no place for, go, and so do
/// those that would turn the direction of the text after them.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c => out.push(c),
        }
    }
    out
}

fn push(out: &mut String, mark: &Mark) {
    let _ = match mark {
        Mark::Rect { area, fill } => {
            let Area { left, top, width, height } = *area;
            let [left, top, width, height] = [left, top, width, height].map(number);
            write!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
                paint(*fill)
            )
        }
        Mark::Line { points, width, color } => line(out, points, *width, *color),
        Mark::Disc { centre: [x, y], radius, fill } => {
            let [x, y, radius] = [*x, *y, *radius].map(number);
            write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{}\"/>", paint(*fill))
        }
        Mark::Text(text) => self::text(out, text),
        // Images and drawn characters stand beside pictures on a page, not in them.
        Mark::Image { .. } | Mark::Glyph { .. } => Ok(()),
    };
}

fn line(out: &mut String, points: &[[f32; 2]], width: f32, color: Color) -> std::fmt::Result {
    write!(out, "<path d=\"")?;
    for (index, &[x, y]) in points.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        write!(out, "{command}{} {}", number(x), number(y))?;
    }
    write!(
        out,
        "\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"/>",
        paint(color),
        number(width)
    )
}

fn text(out: &mut String, text: &Text) -> std::fmt::Result {
    let [x, y] = text.at;
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let weight = if text.bold { " font-weight=\"600\"" } else { "" };
    let (size, fill, content) = (number(text.size), paint(text.color), escape(&text.content));
    let place = if text.upward {
        format!("transform=\"translate({} {}) rotate(-90)\"", number(x + text.drop()), number(y))
    } else {
        format!("x=\"{}\" y=\"{}\"", number(x), number(y + text.drop()))
    };
    write!(out, "<text {place} font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{fill}\"{weight}>{content}</text>")
}

/// Two decimals, a hundredth of a pixel: more only makes the page larger.
fn number(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The colour as style sheets have it.
pub(crate) fn paint(color: Color) -> String {
    let [r, g, b] = color.0;
    match NAMED.iter().find(|(named, _)| *named == color) {
        Some((_, name)) => format!("var(--{name})"),
        None => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_and_text_is_escaped() {
        let mut picture = Picture::new(100.0, 50.0);
        picture.rect(Area::new(1.0, 2.0, 3.5, 4.0), BLUE);
        picture.line(vec![[0.0, 0.0], [10.0, 5.25]], 1.5, Color([1, 2, 3]));
        picture.disc([5.0, 5.0], 2.0, VERMILLION);
        picture.text(Text::new("a<b & \"c\"", [50.0, 20.0], 10.0).anchor(Anchor::Middle).bold());
        picture.text(Text::new("up", [5.0, 20.0], 10.0).upward());
        let svg = svg(&picture, "what's <in> it");
        for part in [
            "viewBox=\"0 0 100 50\"",
            "aria-label=\"what&#39;s &lt;in&gt; it\"",
            "<rect x=\"1\" y=\"2\" width=\"3.5\" height=\"4\" fill=\"var(--blue)\"/>",
            "d=\"M0 0L10 5.25\" fill=\"none\" stroke=\"#010203\" stroke-width=\"1.5\"",
            "<circle cx=\"5\" cy=\"5\" r=\"2\" fill=\"var(--vermillion)\"/>",
            "text-anchor=\"middle\" fill=\"var(--ink)\" font-weight=\"600\">a&lt;b &amp; &quot;c&quot;</text>",
            "rotate(-90)",
        ] {
            assert!(svg.contains(part), "expected {part} in {svg}");
        }
    }
}
