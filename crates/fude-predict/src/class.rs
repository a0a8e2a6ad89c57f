//! What a model says of an image.

/// A class by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its whole name, `お o`.
    pub name: String,
    /// The character it is, where the name begins with one: `お`.
    pub character: Option<String>,
}

/// A class that an image may be of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The class's number.
    pub class: usize,
    /// Its probability, in [0, 1].
    pub probability: f64,
}

impl Class {
    /// A class with this name; a first word of one character is the character itself.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let first = name.split_whitespace().next().filter(|word| word.chars().count() == 1);
        Self { character: first.map(str::to_owned), name }
    }

    /// What the class is called beside its character: `o`, or the whole name where that is all.
    pub fn rest(&self) -> &str {
        let after =
            self.character.as_ref().and_then(|character| self.name.trim_start().strip_prefix(character.as_str()));
        after.map(str::trim_start).filter(|rest| !rest.is_empty()).unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_word_of_one_character_is_the_character() {
        let table = [
            ("お o", Some("お"), "o"),
            ("7", Some("7"), "7"),
            ("T-shirt/top", None, "T-shirt/top"),
            ("はい", None, "はい"),
            ("", None, ""),
        ];
        for (name, character, rest) in table {
            let class = Class::new(name);
            assert_eq!((class.character.as_deref(), class.rest()), (character, rest), "{name}");
        }
    }
}
