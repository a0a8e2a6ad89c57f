//! What was run, on what, with what: the settings that decide a result, in words.

use super::Report;
use super::element::{Section, duration};
use super::overview::data;
use crate::count::grouped;
use crate::svg::escape;
use fude_record::{Experiment, Optimizer, Schedule, Summary, TrainConfig};
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
    let repeat = if summary.deterministic == "bitwise" { "the same bits" } else { "the same up to rounding" };
    let facts = vec![
        ("Data", images(summary)),
        ("Network", network(summary, experiment)),
        ("Training", training(summary, &experiment.train)),
        ("Deformed by", listed(experiment.deformations())),
        ("Beside the labels", listed(aids(experiment))),
        ("Device", format!("{} ({}), engine {}", summary.device, summary.device_kind, summary.engine)),
        ("Speed", speed(summary)),
        ("Repeating it", format!("seed {}: {repeat} on this machine", summary.seed)),
    ];
    facts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// `kmnist: 54,000 images to train on, 6,000 for validation, 10,000 for test`
fn images(summary: &Summary) -> String {
    let splits = [(summary.val_samples, "validation"), (summary.test_samples, "test")];
    let held_out = splits.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{} for {name}", grouped(*n as u64)));
    let held_out: Vec<String> = held_out.collect();
    format!(
        "{}: {} images to train on, {}",
        data(summary),
        grouped(summary.train_samples as u64),
        if held_out.is_empty() { "none held out".into() } else { held_out.join(", ") }
    )
}

/// `784-128-10, relu, dropout 0.2, 101,770 parameters`
fn network(summary: &Summary, experiment: &Experiment) -> String {
    let model = &experiment.model;
    let normalization = match model.normalization.name() {
        "none" => String::new(),
        name => format!(", {name} normalisation"),
    };
    let residual = if model.residual { ", residual connections" } else { "" };
    let dropout = if model.dropout > 0.0 { format!(", dropout {}", model.dropout) } else { String::new() };
    format!(
        "{}, {}{normalization}{residual}{dropout}, {} parameters",
        summary.model,
        model.activation.name(),
        grouped(summary.parameters as u64)
    )
}

/// `20 epochs, batch 128, Adam at learning rate 0.001, weight decay 0.00001; lowest held-out loss in epoch 17`
fn training(summary: &Summary, train: &TrainConfig) -> String {
    let optimizer = if train.optimizer == Optimizer::AdamW { "AdamW" } else { "Adam" };
    let decay = if train.weight_decay > 0.0 { format!(", weight decay {}", train.weight_decay) } else { String::new() };
    let restored = if summary.restored_best { ", whose weights were restored" } else { "" };
    let best = summary.best_epoch.map(|epoch| format!("; lowest held-out loss in epoch {epoch}{restored}"));
    format!(
        "{} epochs, batch {}, {optimizer} at learning rate {}{}{decay}{}",
        summary.epochs,
        train.batch,
        train.learning_rate,
        schedule(train),
        best.unwrap_or_default()
    )
}

fn speed(summary: &Summary) -> String {
    format!(
        "{} an epoch (median), {} images a second, {} in all",
        duration(summary.epoch_seconds_median),
        grouped(summary.samples_per_second as u64),
        duration(summary.seconds)
    )
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
