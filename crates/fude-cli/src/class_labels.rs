//! Class names for pictures: the ten characters of KMNIST are drawn from their strokes, as no bundled font has them.

use fude_data::{kana, known};
use fude_report::{ClassLabel, Glyph};

/// Pixels along a side of a drawn character: more than any picture shows, so that it is only ever made smaller.
const SIDE: usize = 128;

/// A label for each class, with the modern character where a name begins with one of KMNIST's ten (`お o`, `お`).
pub(crate) fn class_labels(classes: &[String]) -> Vec<ClassLabel> {
    let label =
        |name: &String| glyph(name).map_or_else(|| ClassLabel::new(name), |it| ClassLabel::with_glyph(name, it));
    ClassLabel::distinct(classes.iter().map(label).collect())
}

/// The drawing for a name whose first word is one of the ten characters. A longer first word is another word: はい.
fn glyph(name: &str) -> Option<Glyph> {
    let character = name.split_whitespace().next()?;
    let class =
        known::by_name("kmnist")?.classes.iter().position(|of| of.split_whitespace().next() == Some(character))?;
    let glyph = Glyph::new(SIDE, kana::modern_character(class, SIDE)).ok()?;
    Some(glyph.with_strokes(kana::strokes(class)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_whose_first_word_is_a_kmnist_character_get_its_drawing() {
        let names = ["お o", "を", "あ a", "はい", "Trouser", ""].map(str::to_owned);
        let drawn: Vec<bool> = class_labels(&names).iter().map(|label| label.glyph.is_some()).collect();
        assert_eq!(drawn, [true, true, false, false, false, false]);
    }

    #[test]
    fn a_character_keeps_its_drawing_whatever_its_class_number() {
        let labels = class_labels(&["を wo".to_owned(), "お o".to_owned()]);
        let drawn = labels[0].glyph.as_ref().map(|glyph| glyph.pixels().to_vec());
        assert_eq!(drawn, Some(kana::modern_character(9, SIDE)));
    }
}
