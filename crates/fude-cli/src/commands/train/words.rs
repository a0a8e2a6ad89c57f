//! What `fude train` says before a run and after it.

use crate::commands::compare::results_table;
use crate::exit::Stopped;
use crate::spread::{series_json, spread_table, what_varies};
use crate::table::{count, duration, many};
use crate::ui::{Ui, print_err, print_json, quoted};
use anyhow::Result;
use fude_engine::{DeviceChoice, DeviceKind, DeviceRequest};
use fude_record::{RunFolder, Summary, file, overlap};
use fude_train::TrainRequest;
use std::path::Path;

/// What is about to be trained, on what, where.
pub(super) fn introduce(request: &TrainRequest, why: &str, ui: Ui) {
    let (experiment, data) = (&request.experiment, &request.data);
    let splits = [("validation", data.validation.as_deref()), ("test", data.test.as_deref())];
    let held_out: Vec<String> = splits
        .iter()
        .filter_map(|(name, split)| Some(format!("{} for {name}", count(split.as_ref()?.len()))))
        .collect();
    ui.note(format!(
        "{}: {} images of {} to train on, {}",
        experiment.name,
        count(data.train.len()),
        data.dataset,
        if held_out.is_empty() { "none held out".into() } else { held_out.join(", ") }
    ));
    ui.note(format!("on the {} {} ({why})", request.device.kind(), request.device.name()));
    if let Some(distill) = &experiment.distill {
        let (weight, t) = (distill.weight, distill.temperature);
        ui.note(format!(
            "the training loss is {:.2} of that against the labels and {:.2} (T² times {weight:.2}, T = {t}) of that \
             against the teachers: not comparable with one against labels alone, as those of the other splits are",
            1.0 - weight,
            weight * t * t
        ));
    }
}

/// Why this device, in few words: on most machines without a GPU nobody wants to read more than that.
pub(super) fn short_reason(choice: &DeviceChoice, asked: &DeviceRequest, tried: bool) -> String {
    match (asked, choice.device.kind()) {
        (DeviceRequest::Auto, DeviceKind::Cpu) if !tried => "no GPU: `fude devices` says more".to_owned(),
        _ => choice.why.clone(),
    }
}

/// The line of `--json`: the summary, and where the run is.
#[derive(Clone, Copy, serde::Serialize)]
pub(super) struct Concluded<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// The run folder; null for a dry run.
    run: Option<&'a Path>,
}

impl<'a> Concluded<'a> {
    pub(super) fn new(summary: &'a Summary, folder: Option<&'a RunFolder>) -> Self {
        Self { summary, run: folder.map(RunFolder::path) }
    }
}

/// What the runs of a series reached, one by one and together.
pub(super) fn conclude_series(runs: &[Concluded<'_>], ui: Ui) -> Result<()> {
    let summaries: Vec<&Summary> = runs.iter().map(|run| run.summary).collect();
    if ui.json {
        return print_json(&series_json(runs, summaries.iter().copied())?);
    }
    ui.result(results_table(summaries.iter().copied()));
    ui.result(format!("\n{}", spread_table(summaries.iter().copied())));
    let degrees = summaries.len().saturating_sub(1);
    let mut text =
        format!("\n{}; interval of the mean by Student's t with {degrees} degrees of freedom", what_varies(&summaries));
    if overlap(&summaries) > 0.0 {
        text += ", wider by what the shared training images make of it (Nadeau and Bengio 2003)";
    }
    if let Some(looks) = summaries.iter().find_map(|summary| summary.looks) {
        text += &looked(looks);
    }
    ui.result(text);
    if let Some(parent) = runs.iter().find_map(|run| run.run?.parent()) {
        ui.result(format!("everything is in {}", parent.display()));
    }
    Ok(())
}

/// What the run reached, and where it is.
pub(super) fn conclude(summary: &Summary, folder: Option<&RunFolder>, ui: Ui) -> Result<()> {
    if ui.json {
        return print_json(&Concluded::new(summary, folder));
    }
    ui.result(results_table(std::iter::once(summary)));
    let mut text = format!("\n{} in {}", many(summary.epochs as usize, "epoch"), duration(summary.seconds));
    if summary.stopped_early {
        text += ", stopped early";
    }
    if let Some(best) = summary.best_epoch {
        text += &format!(", best epoch {best}{}", if summary.restored_best { " (restored)" } else { "" });
    }
    text += &format!(", {:.0} images/s with {} on the {}", summary.samples_per_second, summary.engine, summary.device);
    if let Some(looks) = summary.looks {
        text += &looked(looks);
    }
    ui.result(text);
    if let Some(run) = folder {
        ui.result(format!("everything is in {}", run.path().display()));
    }
    Ok(())
}

/// What held-out figures are the mean of.
fn looked(looks: u32) -> String {
    format!("\nvalidation and test figures are the mean over {} looks at each image (eval.looks)", looks + 1)
}

pub(super) fn interrupted(epoch: u32, step: u32, folder: Option<&RunFolder>) -> anyhow::Error {
    let place = folder.map_or(String::new(), |run| format!("; go on with --resume {}", quoted(run.path())));
    Stopped::Interrupted(format!("ended by Ctrl-C after epoch {epoch}, step {step}{place}")).into()
}

/// What a user can do after a run ended with an error.
pub(super) fn with_checkpoint_hint(error: anyhow::Error, folder: Option<&RunFolder>) -> anyhow::Error {
    if let Some(run) = folder
        && run.file(file::CHECKPOINT).exists()
    {
        print_err(&format!("the last good checkpoint stays in {}", run.path().display()));
    }
    error
}
