//! Class labels: text that the font can draw, and small drawings of characters that it cannot.

use crate::ReportError;
use crate::error::check_image;
use crate::latin::latin;
use crate::typeface::can_draw;

/// A character drawn as a small square of grey values, for scripts that the bundled font lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    size: usize,
    pixels: Vec<u8>,
    strokes: Vec<Vec<[f32; 2]>>,
}

impl Glyph {
    /// From pixels `[size, size]`; 255 is ink, 0 is paper.
    ///
    /// # Errors
    /// [`ReportError::Shape`] where there are not `size * size` pixels, or none.
    pub fn new(size: usize, pixels: Vec<u8>) -> Result<Self, ReportError> {
        check_image(|| "character drawing".to_owned(), &pixels, [size, size])?;
        Ok(Self { size, pixels, strokes: Vec::new() })
    }

    /// The same character as strokes, each of points `[x, y]` in the unit square, y down: what pages draw.
    #[must_use]
    pub fn with_strokes(self, strokes: Vec<Vec<[f32; 2]>>) -> Self {
        Self { strokes, ..self }
    }

    /// Its strokes; none where they are not known.
    pub fn strokes(&self) -> &[Vec<[f32; 2]>] {
        &self.strokes
    }

    /// Pixels along a side.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Grey values `[size, size]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// How a class is named in pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassLabel {
    /// Its name, `お o`. Words that the font cannot draw are left out of pictures where others are left or the
    /// character is drawn, and else set in Latin letters.
    pub name: String,
    /// The character, drawn in front of what is left of the name.
    pub glyph: Option<Glyph>,
}

impl ClassLabel {
    /// A label of text alone.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), glyph: None }
    }

    /// A label with the character drawn beside it.
    pub fn with_glyph(name: impl Into<String>, glyph: Glyph) -> Self {
        Self { name: name.into(), glyph: Some(glyph) }
    }

    /// What of the name can be drawn. Where neither letters nor a drawing are left, the class's number.
    pub(crate) fn text(&self, class: usize) -> String {
        let text = if self.glyph.is_some() { drawable(&self.name) } else { legible(&self.name) };
        match (text.chars().any(char::is_alphanumeric), &self.glyph) {
            (true, _) => text,
            (false, Some(_)) => String::new(),
            (false, None) => class.to_string(),
        }
    }

    /// Labels of all classes, with its number before each whose text and drawing are those of another.
    #[must_use]
    pub fn distinct(labels: Vec<Self>) -> Vec<Self> {
        let shown: Vec<(String, Option<Glyph>)> =
            labels.iter().enumerate().map(|(class, label)| (label.text(class), label.glyph.clone())).collect();
        let ambiguous = |class: usize| shown.iter().filter(|other| **other == shown[class]).count() > 1;
        let numbered = |(class, label): (usize, Self)| match ambiguous(class) {
            true => Self { name: format!("{class} {}", shown[class].0), ..label },
            false => label,
        };
        labels.into_iter().enumerate().map(numbered).collect()
    }
}

/// The words that the font can draw; letters it lacks within them, and names of which no letter would be left, in Latin.
fn legible(name: &str) -> String {
    let unknown = |word: &&str| !word.chars().any(can_draw);
    let kept: Vec<&str> = name.split_whitespace().filter(|word| !unknown(word)).collect();
    let says_something = kept.iter().any(|word| word.chars().any(|c| c.is_alphabetic() && can_draw(c)));
    let words = if says_something { kept } else { name.split_whitespace().collect() };
    drawable(&words.into_iter().map(latin).collect::<Vec<_>>().join(" "))
}

impl From<&str> for ClassLabel {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// The text without the characters that the font lacks, on one line and without the gaps that they leave.
pub(crate) fn drawable(text: &str) -> String {
    let kept: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|&c| can_draw(c)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_what_the_font_can_draw() {
        let glyph = Glyph::new(1, vec![255]).unwrap();
        let table = [
            (ClassLabel::new("お o"), "o", "kana are left out"),
            (ClassLabel::new("T-shirt/top"), "T-shirt/top", "plain names stay"),
            (ClassLabel::new("猫"), "7", "a name with nothing left becomes the number"),
            (ClassLabel::new("(猫)"), "7", "brackets alone say nothing"),
            (ClassLabel::new("を"), "wo", "kana alone are spelt"),
            (ClassLabel::new("Łódź"), "Lódz", "no letter vanishes"),
            (ClassLabel::new("Кот 1"), "Kot 1", "a digit alone says too little"),
            (ClassLabel::new("猫 cat"), "cat", "one word is enough"),
            (ClassLabel::new("a\n\tb\u{7}"), "a b", "one line, no control characters"),
            (ClassLabel::with_glyph("を", glyph.clone()), "", "the drawing says it"),
            (ClassLabel::with_glyph("を wo", glyph), "wo", "beside the drawing"),
        ];
        for (label, expected, reason) in table {
            assert_eq!(label.text(7), expected, "{reason}");
        }
    }

    #[test]
    fn names_that_would_look_the_same_get_their_numbers() {
        let labels = ["猫 a", "b", "犬 a", "", "3"].map(ClassLabel::from).to_vec();
        let texts: Vec<String> =
            ClassLabel::distinct(labels).iter().enumerate().map(|(class, label)| label.text(class)).collect();
        assert_eq!(texts, ["0 a", "b", "2 a", "3 3", "4 3"]);
        let glyph = |ink| Glyph::new(1, vec![ink]).unwrap();
        let drawn = vec![ClassLabel::with_glyph("お", glyph(1)), ClassLabel::with_glyph("き", glyph(2))];
        assert_eq!(ClassLabel::distinct(drawn.clone()), drawn);
    }

    #[test]
    fn a_glyph_with_missing_pixels_is_refused() {
        for (size, pixels) in [(2, 3), (0, 0), (usize::MAX, 1)] {
            let error = Glyph::new(size, vec![0; pixels]).unwrap_err().to_string();
            assert_eq!(error, format!("character drawing: expected {size} x {size} pixels, found {pixels}"));
        }
    }
}
