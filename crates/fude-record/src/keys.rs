//! An experiment key by key, to compare two of them.

use crate::{AugmentConfig, Experiment};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the keys of deformations begin with.
const AUGMENT: &str = "augment.";

impl Experiment {
    /// Every key, dotted, with its value as JSON; what is absent has no entry.
    pub fn keys(&self) -> BTreeMap<String, String> {
        // A plain struct of numbers, texts and lists always serialises.
        serde_json::to_value(self).map(|value| dotted_keys(&value)).unwrap_or_default()
    }

    /// The keys of `[augment]` that deform, without their section's name.
    pub fn deformations(&self) -> BTreeMap<String, String> {
        let plain = Self { augment: Some(AugmentConfig::default()), ..self.clone() }.keys();
        let mut keys = self.keys();
        keys.retain(|key, value| key.starts_with(AUGMENT) && plain.get(key) != Some(value));
        keys.into_iter().map(|(key, value)| (key[AUGMENT.len()..].to_owned(), value)).collect()
    }

    /// The keys that are worth telling beside another experiment's: without the name, and without deformations that this one
    /// has none of, for the other may have no `[augment]` at all.
    pub fn told_keys(&self) -> BTreeMap<String, String> {
        let deformations = self.deformations();
        let is_plain = |key: &str| key.strip_prefix(AUGMENT).is_some_and(|key| !deformations.contains_key(key));
        let mut keys = self.keys();
        keys.retain(|key, _| key != "name" && !is_plain(key));
        keys
    }

    /// The keys in which the two differ: (key, value here, value there), `-` where a key is absent.
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let (mine, theirs) = (self.keys(), other.keys());
        let value = |keys: &BTreeMap<String, String>, key: &str| keys.get(key).cloned().unwrap_or_else(|| "-".into());
        let all: std::collections::BTreeSet<&String> = mine.keys().chain(theirs.keys()).collect();
        let pairs = all.into_iter().map(|key| (key.clone(), value(&mine, key), value(&theirs, key)));
        pairs.filter(|(_, mine, theirs)| mine != theirs).collect()
    }
}

/// Every value within an object by its dotted key, as JSON.
pub fn dotted_keys(value: &Value) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    collect("", value, &mut keys);
    keys
}

fn collect(prefix: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                collect(&key, value, keys);
            }
        }
        value => drop(keys.insert(prefix.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use crate::Experiment;

    #[test]
    fn differences_name_the_key_and_both_values() {
        let parse = |more: &str| {
            Experiment::parse(&format!("name = \"x\"\ndataset = \"kana\"\n{more}"), "e.toml", &[]).unwrap()
        };
        let (a, b) = (parse("train.batch = 5\n"), parse("fallback = \"kana\"\n"));
        let owned = |key: &str, a: &str, b: &str| (key.to_owned(), a.to_owned(), b.to_owned());
        assert_eq!(a.differences(&b), [owned("fallback", "-", "\"kana\""), owned("train.batch", "5", "128")]);
        assert!(a.differences(&a).is_empty());
    }
}
