//! Which of several overrides makes an experiment wrong.

use crate::Override;

/// The override without which all would be well, or else the one with which it begins to be wrong; and what is wrong with
/// it, as `wrong_with` says of the file under some of them. None where it is wrong without any, or never.
pub(crate) fn culprit(
    overrides: &[Override],
    wrong_with: impl Fn(&[&Override]) -> Option<String>,
) -> Option<(String, String)> {
    let standing = standing(overrides);
    let wrong = wrong_with(&standing)?;
    let without = |left_out: usize| -> Vec<&Override> {
        standing.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, item)| *item).collect()
    };
    if let Some(alone) = (0..standing.len()).rev().find(|&index| wrong_with(&without(index)).is_none()) {
        return Some((standing[alone].to_string(), wrong));
    }
    let first = (1..=standing.len()).rev().find(|&count| wrong_with(&standing[..count - 1]).is_none())?;
    Some((standing[first - 1].to_string(), wrong_with(&standing[..first])?))
}

/// Of several for one key the last holds.
fn standing(overrides: &[Override]) -> Vec<&Override> {
    let stands = |index: usize| !overrides[index + 1..].iter().any(|later| later.replaces(&overrides[index]));
    overrides.iter().enumerate().filter(|(index, _)| stands(*index)).map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An experiment that is wrong where one of `bad` is among its overrides, and good where `cure` is.
    fn blamed(keys: &[&str], bad: &[&str], cure: &str) -> Option<String> {
        let overrides: Vec<Override> = keys.iter().map(|key| Override::new(key, 1)).collect();
        let wrong_with = |some: &[&Override]| {
            let has = |key: &str| some.iter().any(|item| item.dotted_key() == key);
            (bad.iter().any(|key| has(key)) && !has(cure)).then(|| "wrong".to_owned())
        };
        culprit(&overrides, wrong_with).map(|(place, _)| place)
    }

    #[test]
    fn the_one_without_which_all_is_well_is_blamed_wherever_it_stands() {
        for keys in [["x", "a", "b"], ["a", "x", "b"], ["a", "b", "x"]] {
            assert_eq!(blamed(&keys, &["x"], "").as_deref(), Some("--set x=1"));
        }
    }

    #[test]
    fn of_two_wrong_ones_the_first_is_blamed_and_of_none_none() {
        assert_eq!(blamed(&["a", "x", "y"], &["x", "y"], "").as_deref(), Some("--set x=1"));
        assert_eq!(blamed(&["a", "x", "y"], &["x"], "y"), None, "the last one mends it");
        assert_eq!(blamed(&[], &["x"], ""), None);
    }
}
