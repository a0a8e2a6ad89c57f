//! The ten characters as strokes, read from the built-in asset.

use std::sync::LazyLock;

use super::geometry::{Cubic, Point};
use super::path::{self, PathError};

/// Strokes in writing order, each a chain of curves; coordinates in the unit square, y down.
pub(super) type Strokes = Vec<Vec<Cubic>>;

/// A character's name ("お o") and its strokes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Character {
    pub(super) name: String,
    pub(super) strokes: Strokes,
}

/// Width and height of KanjiVG's view box.
const VIEW_BOX: f32 = 109.0;

/// Ten blocks in label order; see the file's own header for its form.
const ASSET: &str = include_str!("../../assets/kana/strokes.txt");

static CHARACTERS: LazyLock<Vec<Character>> = LazyLock::new(|| match read(ASSET) {
    Ok(characters) => characters,
    Err(error) => unreachable!("the built-in stroke file is wrong: {error}"),
});

/// All characters in label order.
pub(super) fn characters() -> &'static [Character] {
    &CHARACTERS
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {source}")]
struct AssetError {
    line: usize,
    source: PathError,
}

/// Reads blocks of a name and its paths, a line each. Blank lines and lines that start with `#` count for nothing.
fn read(text: &str) -> Result<Vec<Character>, AssetError> {
    let mut characters: Vec<Character> = Vec::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    for (index, line) in lines {
        match characters.last_mut() {
            Some(character) if line.starts_with(['M', 'm']) => {
                let stroke = path::parse(line).map_err(|source| AssetError { line: index + 1, source })?;
                character.strokes.push(stroke.into_iter().map(to_unit_square).collect());
            }
            _ => characters.push(Character { name: line.to_owned(), strokes: Vec::new() }),
        }
    }
    Ok(characters)
}

fn to_unit_square(curve: Cubic) -> Cubic {
    Cubic(curve.0.map(|p: Point| p * (1.0 / VIEW_BOX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_name_and_its_number_of_strokes() {
        let table = [
            ("お o", 3),
            ("き ki", 4),
            ("す su", 2),
            ("つ tsu", 1),
            ("な na", 4),
            ("は ha", 3),
            ("ま ma", 3),
            ("や ya", 3),
            ("れ re", 2),
            ("を wo", 3),
        ];
        let found: Vec<_> = characters().iter().map(|c| (c.name.as_str(), c.strokes.len())).collect();
        assert_eq!(found, table);
    }

    #[test]
    fn strokes_are_unbroken_and_inside_the_unit_square() {
        for character in characters() {
            for stroke in &character.strokes {
                assert!(stroke.windows(2).all(|pair| pair[0].0[3] == pair[1].0[0]), "{}", character.name);
                let ends = stroke.iter().flat_map(|curve| [curve.0[0], curve.0[3]]);
                assert!(ends.into_iter().all(|p| (0.0..1.0).contains(&p.x) && (0.0..1.0).contains(&p.y)));
            }
        }
    }

    #[test]
    fn a_bad_path_is_reported_with_its_line() {
        let error = read("# strokes\nお o\nM1,1l2,2\nM1,1q2,2").unwrap_err();
        assert_eq!(error.to_string(), "line 4: expected one of 'MmLlCcSs', found 'q' at byte 4");
    }
}
