//! `fude eval`.

mod looking;

use crate::exit::Stopped;
use crate::model_lookup::{FoundModel, recorded_cut};
use crate::output::Force;
use crate::run_lookup::{RUNS, require_finished};
use crate::table::{count, loss, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use fude_data::{Split, npy_matrix};
use fude_engine::{Logits, Predictor};
use fude_model::StoredModel;
use fude_record::{Calibration, Experiment, RunFolder, file};
use fude_train::{Looks, Prepared, Scored, compare_classes, latest_checkpoint, prepare};
use looking::{Looking, together};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    let found = args.models.iter().map(|text| FoundModel::find(text, &args.out, ui)).collect::<Result<Vec<_>>>()?;
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
    let looks = models.iter().filter_map(Looking::count).max().unwrap_or(0);
    let scored = Scored::of(&logits, &split.labels);
    // A temperature is told of images alone that it was not fitted on.
    let validation = data.validation.as_ref().filter(|_| args.split == SplitName::Test);
    let validation = match validation {
        Some(split) => Some(Scored::of(&together(&mut models, split)?, &split.labels)),
        None => None,
    };
    show(args, (&name, looks), &data, &scored, &scored.calibration(validation.as_ref()))
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

/// The data of a model, or others in their place: its run's, else what its file names, cut as the file says.
pub(crate) fn model_data(
    found: &FoundModel,
    metadata: &BTreeMap<String, String>,
    other: Option<&str>,
    ui: Ui,
) -> Result<Prepared> {
    if let Some(run) = &found.run {
        return run_data(run, other, ui);
    }
    let path = found.path.display();
    let recorded = metadata.get("dataset").map(String::as_str);
    let Some(dataset) = other.or(recorded) else {
        let why = format!("{path} does not say what data it was trained on: give --data NAME|DIR");
        return Err(Stopped::Usage(why).into());
    };
    if other.is_none() && !fude_data::SET_NAMES.contains(&dataset) && !Path::new(dataset).is_dir() {
        // A file goes from machine to machine, and where its data lie with it means nothing there.
        let why =
            format!("{path} was trained on '{dataset}' and does not say where that is: give its folder, --data DIR");
        return Err(Stopped::Usage(why).into());
    }
    let mut experiment = Experiment::parse("name = \"eval\"\ndataset = \"kana\"", "eval", &[])?;
    experiment.dataset = dataset.to_owned();
    match recorded_cut(metadata) {
        Some(cut) => experiment.data = cut,
        None => ui.note(format!(
            "{path} does not say how its data were cut: where splits are not in files of their own, images that it was \
             trained on may be among those evaluated"
        )),
    }
    prepared(&experiment, metadata, ui)
}

/// The data of a run, or others in their place, with their notes shown.
pub(crate) fn run_data(run: &RunFolder, other: Option<&str>, ui: Ui) -> Result<Prepared> {
    require_finished(run)?;
    let mut experiment = run.experiment()?;
    if run.summary()?.dataset_fallback {
        // Also where the real data have come since: the run never saw them.
        experiment.dataset = experiment.fallback.take().unwrap_or(experiment.dataset);
    }
    if let Some(name) = other {
        experiment.dataset = name.to_owned();
        experiment.fallback = None;
    }
    prepared(&experiment, final_model(run)?.metadata(), ui)
}

/// The data of an experiment, whose classes must be those that the model's metadata name.
fn prepared(experiment: &Experiment, metadata: &BTreeMap<String, String>, ui: Ui) -> Result<Prepared> {
    let data = prepare(experiment)?;
    data.notes.iter().for_each(|note| ui.note(note));
    data.warnings.iter().for_each(|warning| ui.warning(warning));
    if let Some(warning) = compare_classes(metadata, &data)? {
        ui.warning(warning);
    }
    Ok(data)
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

/// The model that a finished run has come to.
fn final_model(run: &RunFolder) -> Result<StoredModel> {
    let path = run.file(file::MODEL);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    StoredModel::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))
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

/// The logits `[N, O]` of a model for a split.
pub(crate) fn logits(name: &str, model: StoredModel, data: &Prepared, split: &Arc<Split>) -> Result<Logits> {
    require_classes(name, &model, data)?;
    Ok(Predictor::new(model)?.logits(split)?)
}

fn require_classes(name: &str, model: &StoredModel, data: &Prepared) -> Result<()> {
    let (expected, found) = (model.config().outputs, data.outputs());
    ensure!(expected == found, "{name}: the model knows {expected} classes; {} has {found} classes", data.dataset);
    Ok(())
}
