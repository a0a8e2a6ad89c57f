//! `fude lr-find`.

use crate::commands::train::{EngineChoice, parse_engine};
use crate::exit::Stopped;
use crate::output::require_png;
use crate::signals::stop_on_ctrl_c;
use crate::table::many;
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result};
use fude_engine::{DeviceChoice, DeviceOptions, DeviceRequest, choose_device};
use fude_record::{Experiment, Override};
use fude_report::{Suggestion, lr_curve};
use fude_train::{
    LrFound, LrRange, Prepared, TrainRequest, TrialMemory, TrialRequest, choose_by_trial, find_learning_rate,
    fit_to_data, prepare,
};
use serde_json::json;
use std::path::PathBuf;

/// Suggests a learning rate: raises it from step to step until the loss diverges, and draws what happens.
///
/// Training images alone are looked at, and nothing is kept but the picture.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude lr-find experiments/e3-deep-l2.toml
  fude lr-find experiments/e3-deep-l2.toml --set train.batch=1024 --output batch-1024.png
  fude train experiments/e3-deep-l2.toml --set train.learning_rate=2e-3

Steepest: where the loss falls fastest. Minimum / 10: a tenth of where it is lowest. Both are cautious: the weights are
random still, and a run with a warm-up and a schedule that falls to 0 often bears ten times as much (wide, normalised
networks above all). Take them as a place to begin, and compare a few rates by validation.")]
pub(crate) struct LrFindArgs {
    /// The experiment file.
    experiment: PathBuf,
    /// Train on other data: kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Put a value over the file's: train.batch=256. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// The first learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 1e-6)]
    from: f64,
    /// The last learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 1.0)]
    to: f64,
    /// Steps in all.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    steps: u32,
    /// auto, gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceRequest,
    /// auto, burn or fused.
    #[arg(long, default_value = "auto", value_parser = parse_engine)]
    engine: EngineChoice,
    /// The picture's file [default: NAME-lr.png in the current folder]
    #[arg(long, value_name = "FILE.png")]
    output: Option<PathBuf>,
    /// One line of JSON, with every step.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &LrFindArgs, ui: Ui) -> Result<()> {
    let range = LrRange { from: args.from, to: args.to, steps: args.steps };
    if !(range.from > 0.0 && range.to > range.from && (range.to as f32).is_finite() && range.from as f32 > 0.0) {
        let why = format!("expected 0 < --from < --to, found {} and {}", args.from, args.to);
        return Err(Stopped::Usage(why).into());
    }
    let experiment = Experiment::load(&args.experiment, &args.overrides())?;
    args.output.as_deref().map_or(Ok(()), require_png)?;
    let data = prepare(&experiment)?;
    data.warnings.iter().for_each(|warning| ui.warning(warning));
    data.notes.iter().for_each(|note| ui.note(note));
    let DeviceChoice { device, warning, .. } = args.device(&experiment, &data)?;
    warning.iter().for_each(|warning| ui.warning(warning));
    let title = format!("learning rates for {} on {}", experiment.name, data.dataset);
    let name = experiment.name.clone();
    let request = TrainRequest { engine: args.engine.0, ..TrainRequest::new(experiment, data, device) };
    let stop = stop_on_ctrl_c();
    let found = find_learning_rate(request, range, &stop)?;
    if stop.is_set() {
        let text = format!("ended by Ctrl-C after {} of {} steps: no suggestion", found.steps.len(), range.steps);
        return Err(Stopped::Interrupted(text).into());
    }
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-lr.png")));
    draw(&found, &title).save(&output).with_context(|| format!("cannot draw {}", output.display()))?;
    if args.json {
        let steps: Vec<_> = found.steps.iter().map(|s| json!([s.rate, s.loss, s.smoothed])).collect();
        return print_json(&json!({
            "steepest": found.steepest, "minimum_tenth": found.minimum_tenth, "diverged": found.diverged,
            "steps": steps, "picture": output,
        }));
    }
    print_out(&words(&found));
    print_out(&format!("drawn in {}", output.display()));
    Ok(())
}

impl LrFindArgs {
    /// The device that was asked for; with `auto` the one that training would take.
    fn device(&self, experiment: &Experiment, data: &Prepared) -> Result<DeviceChoice> {
        let mut fitted = experiment.clone();
        fit_to_data(&mut fitted, data);
        // What is wrong with it is said before training.
        if self.device == DeviceRequest::Auto && fitted.validate().is_ok() {
            let request = TrialRequest { experiment: &fitted, data, engine: self.engine.0, allow_software: false };
            return Ok(choose_by_trial(&request, TrialMemory::of_this_user().as_ref())?.choice);
        }
        let options = DeviceOptions { request: self.device.clone(), require_gpu: false, allow_software: false };
        Ok(choose_device(&options)?)
    }

    fn overrides(&self) -> Vec<Override> {
        let mut all = self.set.clone();
        if let Some(data) = &self.data {
            all.push(Override::text("dataset", data).given_by("--data"));
            all.push(Override::removal("fallback").given_by("--data"));
        }
        all
    }
}

fn suggestions(found: &LrFound) -> Vec<Suggestion> {
    let named = [("steepest", found.steepest), ("minimum / 10", found.minimum_tenth)];
    named.into_iter().filter_map(|(name, rate)| Some(Suggestion { name: name.into(), rate: rate? })).collect()
}

fn draw(found: &LrFound, title: &str) -> fude_report::Picture {
    let points: Vec<_> = found.steps.iter().map(|step| (step.rate, step.loss, step.smoothed)).collect();
    lr_curve(&points, &suggestions(found), title)
}

fn words(found: &LrFound) -> String {
    let end = found.steps.last().map_or(0.0, |step| step.rate);
    let mut lines: Vec<String> =
        suggestions(found).iter().map(|one| format!("{:13} {:.1e}", one.name, one.rate)).collect();
    if lines.is_empty() {
        lines.push("the loss never fell: no suggestion".into());
    }
    let ended = if found.diverged { "the loss diverged at" } else { "the loss had not diverged at" };
    lines.push(format!("{}; {ended} {end:.1e}", many(found.steps.len(), "step")));
    lines.join("\n")
}
