//! What readers of TOML say of a file, in words for people who write no Rust; and the nearest of several names.

/// The most similar of `candidates`; none where nothing is similar enough to be a slip of the fingers.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A name of half the length is another one; a longer one may be meant by an abbreviation: lr for learning_rate.
    let candidates = candidates.into_iter().filter(|name| 2 * name.len() >= found.len());
    let similar = candidates.map(|name| (strsim::jaro_winkler(found, name), name));
    let similar = similar.filter(|(similarity, _)| *similarity > 0.7);
    similar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// A reader's message: "expected a whole number, found 1.5" for "invalid type: floating point `1.5`, expected u32", and for
/// an unknown key the most similar of the known ones.
pub fn in_plain_words(message: &str) -> String {
    let message = message.replace("missing field", "missing key");
    if message.starts_with("unknown ") {
        return with_nearest_key(&message);
    }
    let is_value = message.starts_with("invalid value: ");
    let parts = message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "));
    match parts.and_then(|parts| parts.rsplit_once(", expected ")) {
        Some((found, expected)) => format!("expected {}, found {}", what_is_expected(expected, is_value), what(found)),
        None => message,
    }
}

/// "unknown field `x`, expected one of `a`, `b`" with the most similar of the expected ones pointed out.
fn with_nearest_key(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let nearest = quoted.next().and_then(|found| nearest(found, quoted));
    let message = message.replace("unknown field", "unknown key").replace("unknown variant", "unknown value");
    match nearest {
        Some(key) => format!("{message}; did you mean `{key}`?"),
        None => message,
    }
}

/// A type by what a person writes for it; with its range where that is what a value lies out of.
fn what_is_expected(expected: &str, is_value: bool) -> String {
    let largest = match expected {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        _ => u64::MAX,
    };
    match expected {
        "u8" | "u16" | "u32" if is_value => format!("a whole number from 0 to {largest}"),
        "u64" | "usize" if is_value => "a whole number, 0 or more".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a section of keys".to_owned(),
        text if text.starts_with("struct ") => "a section of keys".to_owned(),
        text => text.to_owned(),
    }
}

/// What was found, as it stands in the file.
fn what(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let plain = || value.trim_start_matches("point ").trim_matches('`').to_owned();
    match kind {
        "string" => format!("the text {value}"),
        "floating" | "integer" | "boolean" => plain(),
        "map" => "a section of keys".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_as_people_write_them() {
        let cases = [
            ("invalid type: string \"one\", expected u32", "expected a whole number, found the text \"one\""),
            ("invalid type: floating point `1.5`, expected usize", "expected a whole number, found 1.5"),
            ("invalid value: integer `-1`, expected u32", "expected a whole number from 0 to 4294967295, found -1"),
            ("invalid type: boolean `true`, expected f64", "expected a number, found true"),
            ("invalid type: integer `5`, expected struct MlpConfig", "expected a section of keys, found 5"),
            ("invalid type: map, expected a sequence", "expected a list, found a section of keys"),
            ("missing field `dataset`", "missing key `dataset`"),
            ("duplicate key", "duplicate key"),
        ];
        for (message, plain) in cases {
            assert_eq!(in_plain_words(message), plain);
        }
    }

    #[test]
    fn only_a_slip_of_the_fingers_has_a_nearest_name() {
        let names = ["e1-l2", "e3-deep-l2", "wide-augmented"];
        assert_eq!(nearest("e1-l3", names), Some("e1-l2"));
        assert_eq!(nearest("wide-augmentd", names), Some("wide-augmented"));
        assert_eq!(nearest("xyz", names), None);
        assert_eq!((nearest("nosuch", ["s"]), nearest("lr", ["learning_rate"])), (None, Some("learning_rate")));
    }
}
