//! `fude eval`.

mod looking;

use crate::exit::Stopped;
use crate::model_data::{final_model, model_data, require_classes};
use crate::model_lookup::FoundModel;
use crate::output::Force;
use crate::run_lookup::{RUNS, without_unfinished};
use crate::table::{count, loss, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result};
use clap::ValueEnum;
use fude_data::{Split, npy_matrix};
use fude_engine::Predictor;
use fude_model::StoredModel;
use fude_record::{Calibration, RunFolder};
use fude_train::{Looks, Prepared, Scored, compare_classes, latest_checkpoint};
use looking::{Looking, together};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Evaluates a finished run or a model's file on a split, on the CPU.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude eval e1-l2
  fude eval runs/e1-l2/20260101T120000Z-s0 --split train --json
  fude eval mine.safetensors --data fashion
  fude eval runs/e1-l2/20260101T120000Z-s0/int8.safetensors
  fude eval runs/wide-augmented/*                            an ensemble: the mean of their probabilities
  fude eval one-minute --looks 16                            the mean over deformed looks at each image
  fude eval e1-l2 --logits logits.npy")]
pub(crate) struct EvalArgs {
    /// Run folders, experiments' names for their newest finished runs, or safetensors files; several are an ensemble, whose
    /// probabilities are averaged.
    #[arg(value_name = "RUN|FILE", required = true)]
    models: Vec<String>,
    /// Average over so many looks at each image, deformed as its run deformed them in training, at half the strength,
    /// beside the plain one (test-time augmentation); left out: as many as its run has (`eval.looks`).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    looks: Option<u32>,
    /// Evaluate on other data than the model's own: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// The split to evaluate.
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// Write the logits [N, O] too, in the split's order, for NumPy.
    #[arg(long, value_name = "FILE.npy")]
    logits: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// The splits of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitName {
    /// The official test images, or those cut from train.
    Test,
    /// The images held out of train for validation.
    Validation,
    /// The images trained on.
    Train,
}

pub(crate) fn run(args: &EvalArgs, ui: Ui) -> Result<()> {
    let found = find_all(args, ui)?;
    let first = found[0].stored()?;
    if let Some(path) = &args.logits {
        args.force.check(path)?;
    }
    let data = model_data(&found[0], first.metadata(), args.data.as_deref(), ui)?;
    let split = pick(&data, args.split)?;
    // Of training images a run itself tells what it makes of them as they are.
    let looks = args.looks.or((args.split == SplitName::Train).then_some(0));
    let load = |one| Looking::load(one, checked(one, args, &data, ui)?, looks);
    let mut models = found.iter().map(load).collect::<Result<Vec<_>>>()?;
    let logits = together(&mut models, &split)?;
    if let Some(path) = &args.logits {
        args.force.write(path, &npy_matrix(&logits.values, logits.classes))?;
    }
    let name = found.iter().map(FoundModel::name).collect::<Vec<_>>().join(" + ");
    let counts: Vec<u32> = models.iter().map(|model| model.count().unwrap_or(0)).collect();
    let looks = counts.iter().copied().max().unwrap_or(0);
    if counts.iter().any(|&count| count != looks) {
        ui.note("not all of these models look equally often at an image: each as its run does; each counts as much");
    }
    let scored = Scored::of(&logits, &split.labels);
    // A temperature is told of images alone that it was not fitted on.
    let validation = data.validation.as_ref().filter(|_| args.split == SplitName::Test);
    let validation = match validation {
        Some(split) => Some(Scored::of(&together(&mut models, split)?, &split.labels)),
        None => None,
    };
    show(args, (&name, looks), &data, &scored, &scored.calibration(validation.as_ref()))
}

/// The models that were asked for. Of several, runs that have not finished are left out, and one that is named twice counts
/// once.
fn find_all(args: &EvalArgs, ui: Ui) -> Result<Vec<FoundModel>> {
    let mut found: Vec<FoundModel> = Vec::new();
    for text in without_unfinished(&args.models, &args.out, ui)? {
        let model = FoundModel::find(text, &args.out, ui)?;
        match found.iter().any(|other| other.path == model.path) {
            true => ui.warning(format!("{}: is here already; it counts once", model.name())),
            false => found.push(model),
        }
    }
    Ok(found)
}

/// A model, which must have been trained on these data and know their classes.
fn checked(found: &FoundModel, args: &EvalArgs, data: &Prepared, ui: Ui) -> Result<StoredModel> {
    let model = found.stored()?;
    if let (Some(run), None) = (&found.run, &args.data) {
        warn_of_other_data(run, data, ui);
    }
    compare_classes(model.metadata(), data).with_context(|| found.name())?;
    require_classes(&found.name(), &model, data)?;
    Ok(model)
}

/// Tells what the models reached, with so many looks at each image beside the plain one.
fn show(
    args: &EvalArgs,
    (model, looks): (&str, u32),
    data: &Prepared,
    scored: &Scored,
    calibration: &Calibration,
) -> Result<()> {
    let evaluation = &scored.evaluation;
    let classes = evaluation.per_class(&data.classes);
    let name = format!("{:?}", args.split).to_lowercase();
    if args.json {
        return print_json(&json!({
            "run": model, "looks": looks, "dataset": data.dataset, "split": name, "samples": evaluation.samples,
            "loss": evaluation.loss, "accuracy": evaluation.accuracy, "per_class": classes,
            "confusion": evaluation.confusion, "calibration": calibration,
        }));
    }
    let rows = classes
        .iter()
        .map(|c| vec![c.class.clone(), percent(c.precision), percent(c.recall), percent(c.f1), c.support.to_string()])
        .collect();
    print_out(&table(&["class", "precision", "recall", "F1", "images"], rows));
    let (accuracy, loss) = (percent(Some(evaluation.accuracy)), loss(Some(evaluation.loss)));
    let looked = if looks > 0 { format!(", {} looks", looks + 1) } else { String::new() };
    print_out(&format!(
        "\n{model}{looked} on the {name} split of {} ({} images): accuracy {accuracy}, loss {loss}",
        data.dataset,
        count(evaluation.samples)
    ));
    print_out(&words(calibration));
    Ok(())
}

fn words(calibration: &Calibration) -> String {
    let mut text = format!("calibration error {}", percent(Some(calibration.error)));
    if let (Some(t), scaled @ Some(_)) = (calibration.temperature, calibration.scaled_error) {
        let loss = loss(calibration.scaled_loss);
        text += &format!("; {} and loss {loss} at temperature {t:.2}, fitted on the validation split", percent(scaled));
    }
    text
}

/// The run's own data may have changed since.
fn warn_of_other_data(run: &RunFolder, data: &Prepared, ui: Ui) {
    if let Ok(Some((checkpoint, _))) = latest_checkpoint(run)
        && let Err(error) = checkpoint.require_data(data)
    {
        let run = run.path().display();
        ui.warning(format!("{run}: {error}; images that it was trained on may be among those evaluated"));
    }
}

fn pick(data: &Prepared, split: SplitName) -> Result<Arc<Split>> {
    let found = match split {
        SplitName::Train => Some(data.train.clone()),
        SplitName::Validation => data.validation.clone(),
        SplitName::Test => data.test.clone(),
    };
    let name = format!("{split:?}").to_lowercase();
    found.ok_or_else(|| Stopped::Usage(format!("{} has no {name} split in this run", data.dataset)).into())
}

/// The scores of a run's final model, by as many looks as the run has.
pub(crate) fn score_run(run: &RunFolder, data: &Prepared, split: Arc<Split>) -> Result<Scored> {
    let model = final_model(run)?;
    require_classes(&run.path().display().to_string(), &model, data)?;
    let looks = Looks::of(&run.experiment()?, None);
    let logits = together(&mut [Looking { predictor: Predictor::new(model)?, looks }], &split)?;
    Ok(Scored::of(&logits, &split.labels))
}
