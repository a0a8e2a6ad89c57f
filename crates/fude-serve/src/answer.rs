//! What the page is told, as JSON.

use crate::response::{Refusal, refuse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fude_data::Grey;
use fude_predict::{Classifier, PredictError};
use serde_json::{Value, json};

/// Pixels along a side of a drawing.
const MOST_SIDE: usize = 1 << 10;

/// A class as the page names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServedClass {
    /// What stands beside the character, or the whole name.
    pub name: String,
    /// The character.
    pub character: Option<String>,
    /// The character's strokes, each of points `[x, y]` in the unit square, for machines whose fonts lack it.
    pub strokes: Vec<Vec<[f32; 2]>>,
}

/// The drawing in a body: grey values row by row, `width=W` in the query.
pub(crate) fn drawing(query: &str, body: Vec<u8>) -> Result<Grey, Refusal> {
    let width = query.split('&').find_map(|part| part.strip_prefix("width=")).and_then(|text| text.parse().ok());
    let sides = width.filter(|width| (1..=MOST_SIDE).contains(width)).map(|width: usize| (width, body.len() / width));
    match sides {
        Some((width, height)) if width * height == body.len() && (1..=MOST_SIDE).contains(&height) => {
            Ok(Grey { height, width, pixels: body })
        }
        _ => Err(refuse(400, "expected width=W in the query and W x H grey values, up to 1024 x 1024")),
    }
}

/// The model: its name, its classes, the size of its images.
pub(crate) fn model(name: &str, classifier: &Classifier, classes: &[ServedClass]) -> Value {
    let classes: Vec<Value> = classes
        .iter()
        .map(|class| json!({ "name": class.name, "character": class.character, "strokes": class.strokes }))
        .collect();
    let preparer = classifier.preparer();
    json!({ "name": name, "height": preparer.height, "width": preparer.width, "classes": classes })
}

/// The image made of a drawing (base64 of its grey values, row by row) and the probability of each class; both null for
/// an empty drawing.
pub(crate) fn predicted(classifier: &mut Classifier, drawing: &Grey) -> Result<Value, PredictError> {
    let Some(image) = classifier.preparer().prepare(drawing) else {
        return Ok(json!({ "image": null, "probabilities": null }));
    };
    let encoded = STANDARD.encode(&image);
    let probabilities = classifier.probabilities(image)?;
    Ok(json!({ "image": encoded, "probabilities": probabilities }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_drawing_needs_a_width_that_divides_its_pixels() {
        let size =
            |query: &str, bytes: usize| drawing(query, vec![0; bytes]).ok().map(|grey| (grey.width, grey.height));
        assert_eq!(size("width=3", 6), Some((3, 2)));
        assert_eq!(size("x=1&width=6", 6), Some((6, 1)));
        for (query, bytes) in [
            ("", 6),
            ("width=4", 6),
            ("width=0", 6),
            ("width=-1", 6),
            ("width=7", 0),
            ("width=1025", 1025),
            ("width=1", 1025),
        ] {
            assert_eq!(size(query, bytes), None, "{query} {bytes}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in ".{0,40}", bytes in 0usize..2000) {
            if let Ok(grey) = drawing(&query, vec![0; bytes]) {
                prop_assert_eq!(grey.width * grey.height, bytes);
            }
        }
    }
}
