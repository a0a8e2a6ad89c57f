//! Whether the classes that a model knows are those of the data it is shown.

use crate::{Prepared, TrainError};
use std::collections::BTreeMap;

/// Compares class names, which both a model file's metadata and data have; a warning where one of them has only numbers, so that
/// nobody knows.
///
/// # Errors
/// Other classes, or the same in another order: figures would say nothing.
pub fn compare_classes(metadata: &BTreeMap<String, String>, data: &Prepared) -> Result<Option<String>, TrainError> {
    let Some(names) = metadata.get("classes") else { return Ok(None) };
    let names: Vec<&str> = names.split('\n').collect();
    let (dataset, found) = (&data.dataset, &data.classes);
    if names.len() != found.len() {
        let (expected, found) = (names.len(), found.len());
        return Err(TrainError::Mismatch(format!("the model knows {expected} classes; {dataset} has {found} classes")));
    }
    let Some((class, (expected, found))) = names.iter().zip(found).enumerate().find(|(_, (a, b))| **a != b.as_str())
    else {
        return Ok(None);
    };
    let unnamed = |numbered: bool, who: &str| numbered.then(|| who.to_owned());
    let who = unnamed(are_numbers(&data.classes), dataset).or(unnamed(are_numbers(&names), "the model"));
    if let Some(who) = who {
        return Ok(Some(format!(
            "{who} has no class names: the figures hold only if {dataset} numbers its classes as the model does \
             (class {class} is '{expected}' to the model, '{found}' in {dataset})"
        )));
    }
    let same = names.iter().all(|name| data.classes.iter().any(|other| other == name));
    let how = if same { "in another order" } else { "other ones" };
    Err(TrainError::Mismatch(format!(
        "the classes of {dataset} are not those of the model, but {how}: class {class} is '{expected}' to the model, \
         '{found}' in {dataset}"
    )))
}

/// "0", "1", "2", ...: what a set's classes are called that has no names for them.
fn are_numbers(names: &[impl AsRef<str>]) -> bool {
    names.iter().enumerate().all(|(class, name)| name.as_ref() == class.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(model: &[&str], data: &[&str]) -> Result<Option<String>, String> {
        let metadata = BTreeMap::from([("classes".to_owned(), model.join("\n"))]);
        let data = Prepared {
            dataset: "others".into(),
            fallback: false,
            classes: data.iter().map(|&name| name.to_owned()).collect(),
            train: Default::default(),
            validation: None,
            test: None,
            notes: vec![],
            warnings: vec![],
        };
        compare_classes(&metadata, &data).map_err(|error| error.to_string())
    }

    #[test]
    fn the_same_names_in_the_same_order_are_good() {
        assert_eq!(compare(&["a", "b"], &["a", "b"]), Ok(None));
        assert_eq!(compare(&["0", "1"], &["0", "1"]), Ok(None));
    }

    #[test]
    fn other_names_and_another_order_are_refused() {
        let other = compare(&["a", "b"], &["a", "c"]).unwrap_err();
        assert!(other.ends_with("but other ones: class 1 is 'b' to the model, 'c' in others"), "{other}");
        assert!(compare(&["a", "b"], &["b", "a"]).unwrap_err().contains("in another order"));
        assert!(compare(&["a", "b"], &["a"]).unwrap_err().contains("knows 2 classes; others has 1"));
    }

    #[test]
    fn numbers_in_place_of_names_are_a_warning() {
        let warning = compare(&["a", "b"], &["0", "1"]).unwrap().unwrap();
        assert!(warning.starts_with("others has no class names"), "{warning}");
        assert!(compare(&["0", "1"], &["a", "b"]).unwrap().unwrap().starts_with("the model has no class names"));
    }
}
