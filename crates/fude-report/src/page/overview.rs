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
    if report.records.is_empty() && summary.epochs > 0 {
        found.push("metrics.jsonl tells of no epoch of this run: there are no curves.".into());
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

/// Every key of the experiment file.
pub(super) fn experiment(report: &Report<'_>) -> Option<Section> {
    let text = report.experiment.to_toml().ok()?;
    Some(Section::new("experiment", "The whole experiment", format!("<pre>{}</pre>", escape_lines(&text))))
}

fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
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
