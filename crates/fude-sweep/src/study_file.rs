//! A study as a file, as people write it.

use crate::study::combinations;
use crate::{Halving, Objective, SamplerKind, Study};
use fude_record::in_plain_words;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file's form: sections may be written with dotted or quoted keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    experiment: PathBuf,
    #[serde(default)]
    objective: Objective,
    #[serde(default)]
    sampler: SamplerKind,
    trials: Option<u32>,
    #[serde(default = "ten")]
    startup: u32,
    #[serde(default)]
    seed: u32,
    #[serde(default)]
    set: toml::Table,
    halving: Option<Halving>,
    space: toml::Table,
}

/// Trials where the file says nothing of them and nothing else decides.
const TRIALS: u32 = 60;

fn ten() -> u32 {
    10
}

/// Reads a study's text, and not yet its experiment's; `folder` is where that one's path begins.
pub(crate) fn parse(text: &str, folder: &Path) -> Result<Study, String> {
    let file: Text = toml::from_str(text).map_err(|error| {
        let message = in_plain_words(&error.message().replace('\n', ", "));
        let newlines = |end: usize| text.bytes().take(end).filter(|&byte| byte == b'\n').count();
        let line = error.span().map(|span| newlines(span.start) + 1);
        line.map_or(message.clone(), |line| format!("line {line}: {message}"))
    })?;
    let mut space = BTreeMap::new();
    flatten("", &file.space, &mut |key, value| {
        let is_range = value.as_table().is_some_and(|t| t.contains_key("choices") || t.contains_key("low"));
        if !is_range && value.is_table() {
            return Ok(false);
        }
        let range =
            value.clone().try_into().map_err(|error: toml::de::Error| format!("space.{key}: {}", error.message()))?;
        space.insert(key.to_owned(), range);
        Ok(true)
    })?;
    let mut set = BTreeMap::new();
    flatten("", &file.set, &mut |key, value| {
        if value.is_table() {
            return Ok(false);
        }
        set.insert(key.to_owned(), value.to_string());
        Ok(true)
    })?;
    let Text { name, experiment, objective, sampler, trials, startup, seed, halving, .. } = file;
    let experiment = folder.join(experiment);
    let trials = match (sampler, combinations(&space)) {
        (SamplerKind::Grid, None) => return Err("sampler: a grid needs { choices } for every key".into()),
        (SamplerKind::Grid, Some(all)) => trials.unwrap_or(all).min(all),
        _ => trials.unwrap_or(TRIALS),
    };
    let text = String::new();
    let study = Study { name, experiment, text, objective, sampler, trials, startup, seed, set, halving, space };
    study.check().map(|()| study)
}

/// Hands each value with its dotted key to `take`, which says whether it took it or wants what is inside.
fn flatten(
    prefix: &str,
    table: &toml::Table,
    take: &mut impl FnMut(&str, &toml::Value) -> Result<bool, String>,
) -> Result<(), String> {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if !take(&key, value)?
            && let Some(inner) = value.as_table()
        {
            flatten(&key, inner, take)?;
        }
    }
    Ok(())
}
