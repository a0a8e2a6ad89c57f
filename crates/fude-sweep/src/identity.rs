//! By what a search knows itself again.

use crate::Study;
use fude_record::dotted_keys;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `seed was 0, is 1; set.dataset was "a", is "b"`.
pub(crate) fn changes(before: &Value, now: &Value) -> String {
    let (old, new) = (dotted_keys(before), dotted_keys(now));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let value = |of: &BTreeMap<String, String>, key: &String| of.get(key).cloned().unwrap_or_else(|| "absent".into());
    let told = changed.map(|key| format!("{key} was {}, is {}", value(&old, key), value(&new, key)));
    told.collect::<Vec<_>>().join("; ")
}

/// What must not change while a search goes on: all but how many trials, and what the experiment says.
pub(crate) fn identity(study: &Study) -> Value {
    let mut value = serde_json::to_value(study).unwrap_or_default();
    if let Some(keys) = value.as_object_mut() {
        keys.remove("trials");
        // The file may have moved with its study. Comments and order mean nothing.
        keys.insert("experiment".into(), study.experiment.file_name().map(|name| name.to_string_lossy()).into());
        let content = study.text.parse::<toml::Table>().ok();
        keys.insert("file".into(), serde_json::to_value(content).unwrap_or_default());
    }
    value
}
