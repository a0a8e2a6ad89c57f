//! What was run, on what, with what: the settings that decide a result, in words.

use super::Report;
use super::element::{Section, duration};
use super::overview::data;
use crate::count::grouped;
use crate::svg::escape;
use fude_record::{Experiment, Schedule, TrainConfig};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What was run, on what, with what.
pub(super) fn settings(report: &Report<'_>) -> Section {
    let mut out = String::from("<dl class=\"facts\">");
    for (name, value) in facts(report) {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(&value));
    }
    Section::new("run", "What was run", out + "</dl>")
}

fn facts(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let (summary, experiment) = (report.summary, report.experiment);
    let train = &experiment.train;
    let split = |n: usize, name: &str| (n > 0).then(|| format!("{} for {name}", grouped(n as u64)));
    let held_out: Vec<String> =
        [split(summary.val_samples, "validation"), split(summary.test_samples, "test")].into_iter().flatten().collect();
    let model = &experiment.model;
    let dropout = if model.dropout > 0.0 { format!(", dropout {}", model.dropout) } else { String::new() };
    let normalization = match model.normalization.name() {
        "none" => String::new(),
        name => format!(", {name} normalisation"),
    };
    let residual = if model.residual { ", residual connections" } else { "" };
    let decay = if train.weight_decay > 0.0 { format!(", weight decay {}", train.weight_decay) } else { String::new() };
    let best = summary.best_epoch.map(|epoch| {
        format!(
            "; lowest held-out loss in epoch {epoch}{}",
            if summary.restored_best { ", whose weights were restored" } else { "" }
        )
    });
    let repeat = if summary.deterministic == "bitwise" { "the same bits" } else { "the same up to rounding" };
    let mut facts = vec![
        (
            "Data",
            format!(
                "{}: {} images to train on, {}",
                data(summary),
                grouped(summary.train_samples as u64),
                if held_out.is_empty() { "none held out".into() } else { held_out.join(", ") }
            ),
        ),
        (
            "Network",
            format!(
                "{}, {}{normalization}{residual}{dropout}, {} parameters",
                summary.model,
                model.activation.name(),
                grouped(summary.parameters as u64)
            ),
        ),
        (
            "Training",
            format!(
                "{} epochs, batch {}, {} at learning rate {}{}{decay}{}",
                summary.epochs,
                train.batch,
                if train.optimizer == fude_record::Optimizer::AdamW { "AdamW" } else { "Adam" },
                train.learning_rate,
                schedule(train),
                best.unwrap_or_default()
            ),
        ),
        ("Device", format!("{} ({}), engine {}", summary.device, summary.device_kind, summary.engine)),
        (
            "Speed",
            format!(
                "{} an epoch (median), {} images a second, {} in all",
                duration(summary.epoch_seconds_median),
                grouped(summary.samples_per_second as u64),
                duration(summary.seconds)
            ),
        ),
        ("Repeating it", format!("seed {}: {repeat} on this machine", summary.seed)),
    ];
    let more = [("Deformed by", listed(experiment.deformations())), ("Beside the labels", listed(aids(experiment)))];
    // After the training that they are part of.
    facts.splice(3..3, more.into_iter().filter(|(_, text)| !text.is_empty()));
    facts
}

/// `, cosine after 500 steps of warm-up`; nothing where the rate stays.
fn schedule(train: &TrainConfig) -> String {
    let course = match train.schedule {
        Schedule::Constant => "",
        Schedule::Cosine => ", cosine",
        Schedule::Linear => ", linear",
        Schedule::OneCycle => ", one cycle",
    };
    match train.warmup_steps {
        0 => course.to_owned(),
        steps => format!("{course} after {steps} steps of warm-up"),
    }
}

/// What else acts on a step.
fn aids(experiment: &Experiment) -> BTreeMap<String, String> {
    let train = &experiment.train;
    let number = |name: &str, value: f64| (value > 0.0).then(|| (name.to_owned(), value.to_string()));
    let distill = experiment.distill.as_ref();
    let teachers = distill.map(|distill| ("teachers".to_owned(), distill.teachers.len().to_string()));
    let all = [
        number("label smoothing", train.label_smoothing),
        number("mixup", train.mixup),
        number("average of the weights", train.ema.unwrap_or(0.0)),
        number("largest gradient norm", train.clip_norm.unwrap_or(0.0)),
        number("pruned share", experiment.prune.as_ref().map_or(0.0, |prune| prune.sparsity)),
        teachers,
    ];
    all.into_iter().flatten().collect()
}

fn listed(pairs: BTreeMap<String, String>) -> String {
    pairs.into_iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}
