//! What was run on what data with which device, and what came of it in a few figures.

use super::Report;
use super::element::{Section, duration, loss, percent};
use crate::count::grouped;
use crate::svg::escape;
use fude_record::{Summary, share_interval};
use std::fmt::Write;

/// `e1-l2 on kmnist, seed 0`
pub(super) fn title(report: &Report<'_>) -> String {
    let Summary { experiment, seed, .. } = report.summary;
    format!("{experiment} on {}, seed {seed}", data(report.summary))
}

pub(super) fn data(summary: &Summary) -> String {
    if summary.dataset_fallback { format!("{} (fallback)", summary.dataset) } else { summary.dataset.clone() }
}

/// Title, warnings, the figures that are looked for first, and links.
pub(super) fn head(report: &Report<'_>, sections: &[Section]) -> String {
    let summary = report.summary;
    let mut out = format!("<header><h1>{} on {}</h1>", escape(&summary.experiment), escape(&data(summary)));
    let _ = write!(
        out,
        "<p class=\"sub\">{}, seed {}{}; trained with {} on the {} {}</p>",
        escape(&summary.model),
        summary.seed,
        fold(summary),
        escape(&summary.engine),
        escape(&summary.device_kind),
        escape(&summary.device)
    );
    for warning in warnings(report) {
        let _ = write!(out, "<p class=\"warn\">{}</p>", escape(&warning));
    }
    out += &tiles(report);
    out += "<nav aria-label=\"Contents\">";
    for section in sections {
        let _ = write!(out, "<a href=\"#{}\">{}</a>", section.id, escape(&section.title));
    }
    out + "</nav></header>\n"
}

fn fold(summary: &Summary) -> String {
    match (summary.fold, summary.folds) {
        (Some(fold), Some(folds)) => format!(", fold {fold} of {folds}"),
        _ => String::new(),
    }
}

/// What nobody should overlook.
fn warnings(report: &Report<'_>) -> Vec<String> {
    let summary = report.summary;
    let mut found = Vec::new();
    if summary.dataset_fallback {
        found.push(format!(
            "The data of this experiment ({}) were not on the machine. These figures are of the built-in drawn set {} and say \
             nothing about {}.",
            report.experiment.dataset, summary.dataset, report.experiment.dataset
        ));
    }
    if summary.dataset == "kmnist-8k" {
        found.push(
            "kmnist-8k is a part of KMNIST's official test file: its figures cannot be compared with KMNIST's.".into(),
        );
    }
    if let Some(looks) = summary.looks {
        found.push(format!("Held-out figures are the mean over each image as it is and {looks} deformed looks at it."));
    }
    if summary.selected_on_test {
        found.push("This run stopped early on the test loss: its test figures are selected on the test split.".into());
    }
    found
}

fn tiles(report: &Report<'_>) -> String {
    let summary = report.summary;
    let mut tiles: Vec<(String, String, String)> = Vec::new();
    if let Some(judged) = &report.judged {
        let evaluation = judged.evaluation;
        let [low, high] = share_interval(evaluation.accuracy, evaluation.samples).map(|end| 100.0 * end);
        let images = grouped(evaluation.samples as u64);
        tiles.push((
            format!("{} accuracy", capital(judged.split)),
            percent(Some(evaluation.accuracy)),
            format!("95 % interval {low:.1} to {high:.1} %, {images} images"),
        ));
        tiles.push((
            format!("{} loss", capital(judged.split)),
            loss(Some(evaluation.loss)),
            "mean cross-entropy, nats".into(),
        ));
        let surplus = judged.calibration.overconfidence();
        let word = if surplus > 0.0 { "too sure" } else { "not sure enough" };
        tiles.push((
            "Calibration error".into(),
            percent(Some(judged.calibration.error)),
            format!("on average {:.2} points {word}", 100.0 * surplus.abs()),
        ));
    }
    tiles.push(("Training accuracy".into(), percent(summary.train_accuracy), "final weights, dropout off".into()));
    let ended = if summary.stopped_early { "stopped early" } else { "all done" };
    tiles.push(("Epochs".into(), summary.epochs.to_string(), format!("{ended}, {}", duration(summary.seconds))));
    let each = |(name, value, note): (String, String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd><dd>{}</dd></div>", escape(&name), escape(&value), escape(&note))
    };
    format!("<dl class=\"tiles\">{}</dl>", tiles.into_iter().map(each).collect::<String>())
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What was run, on what, with what.
pub(super) fn settings(report: &Report<'_>) -> Section {
    let mut out = String::from("<dl class=\"facts\">");
    for (name, value) in facts(report) {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(&value));
    }
    Section::new("run", "What was run", out + "</dl>")
}

/// Every key of the experiment file.
pub(super) fn experiment(report: &Report<'_>) -> Option<Section> {
    let text = report.experiment.to_toml().ok()?;
    Some(Section::new("experiment", "The whole experiment", format!("<pre>{}</pre>", escape_lines(&text))))
}

fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn facts(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let (summary, experiment) = (report.summary, report.experiment);
    let train = &experiment.train;
    let split = |n: usize, name: &str| (n > 0).then(|| format!("{} for {name}", grouped(n as u64)));
    let held_out: Vec<String> =
        [split(summary.val_samples, "validation"), split(summary.test_samples, "test")].into_iter().flatten().collect();
    let model = &experiment.model;
    let dropout = if model.dropout > 0.0 { format!(", dropout {}", model.dropout) } else { String::new() };
    let residual = if model.residual { ", residual connections" } else { "" };
    let decay = if train.weight_decay > 0.0 { format!(", weight decay {}", train.weight_decay) } else { String::new() };
    let best = summary.best_epoch.map(|epoch| {
        format!(
            "; lowest held-out loss in epoch {epoch}{}",
            if summary.restored_best { ", whose weights were restored" } else { "" }
        )
    });
    let repeat = if summary.deterministic == "bitwise" { "the same bits" } else { "the same up to rounding" };
    vec![
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
                "{}, {}{residual}{dropout}, {} parameters",
                summary.model,
                model.activation.name(),
                grouped(summary.parameters as u64)
            ),
        ),
        (
            "Training",
            format!(
                "{} epochs, batch {}, {} at learning rate {}{decay}{}",
                summary.epochs,
                train.batch,
                if train.optimizer == fude_record::Optimizer::AdamW { "AdamW" } else { "Adam" },
                train.learning_rate,
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
    ]
}

pub(super) fn foot(report: &Report<'_>) -> String {
    let drawn = report.labels.iter().any(|label| label.glyph.is_some());
    let credit = if drawn { " Drawn characters: KanjiVG by Ulrich Apel, CC BY-SA 3.0." } else { "" };
    format!(
        "<footer>Written by fude {}. Accuracies are those of the final weights, dropout off; the training figures of the \
         curves are sums over an epoch's steps, dropout active.{credit}</footer>\n</body></html>\n",
        escape(&report.summary.version)
    )
}
