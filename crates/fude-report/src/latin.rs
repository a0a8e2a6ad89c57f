//! Letters that the bundled font lacks, in Latin ones.

use crate::typeface::can_draw;

/// The word with each character that the font lacks replaced by Latin letters, or left out where it has none.
pub(crate) fn latin(word: &str) -> String {
    let mut text = String::new();
    for character in word.chars() {
        match () {
            () if can_draw(character) => text.push(character),
            () if is_ideograph(character) => {}
            () => text.push_str(deunicode::deunicode_char(character).unwrap_or_default()),
        }
    }
    text
}

/// How these are read depends on the language, and the table has Mandarin alone.
fn is_ideograph(character: char) -> bool {
    matches!(u32::from(character), 0x2E80..=0x2FFF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_become_latin_and_ideographs_are_left_out() {
        let table = [("abc", "abc"), ("かな", "kana"), ("Жук", "Zhuk"), ("日本", ""), ("é", "é")];
        for (word, expected) in table {
            assert_eq!(latin(word), expected);
        }
    }
}
