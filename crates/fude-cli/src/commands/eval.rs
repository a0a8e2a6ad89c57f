//! `fude eval`.

use crate::exit::Stopped;
use crate::run_lookup::{RUNS, find_finished};
use crate::table::{count, loss, percent, table};
use crate::ui::{Ui, print_json, print_out};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use fude_data::Split;
use fude_engine::{Device, DeviceData, EngineSpec, View, build};
use fude_model::ModelFile;
use fude_record::{Calibration, RunFolder, file};
use fude_train::{Prepared, Scored, compare_classes, latest_checkpoint, prepare, score};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Evaluates a finished run on a split, on the CPU.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  fude eval e1-l2\n  fude eval runs/e1-l2/20260101T120000Z-s0 --split train --json")]
pub(crate) struct EvalArgs {
    /// The run folder, or an experiment's name for its newest run.
    run: String,
    /// Evaluate on other data than the run's: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// The split to evaluate.
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
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
    let run = find_finished(&args.run, &args.out)?;
    let data = run_data(&run, args.data.as_deref(), ui)?;
    if args.data.is_none() {
        warn_of_other_data(&run, &data, ui);
    }
    let split = pick(&data, args.split)?;
    let scored = score_run(&run, &data, split)?;
    let validation = data.validation.clone().filter(|_| args.split == SplitName::Test);
    let validation = validation.map(|split| score_run(&run, &data, split)).transpose()?;
    let calibration = scored.calibration(validation.as_ref());
    let evaluation = &scored.evaluation;
    let classes = evaluation.per_class(&data.classes);
    let name = format!("{:?}", args.split).to_lowercase();
    if args.json {
        return print_json(&json!({
            "run": run.path(), "dataset": data.dataset, "split": name, "samples": evaluation.samples,
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
    print_out(&format!(
        "\n{} on the {name} split of {} ({} images): accuracy {accuracy}, loss {loss}",
        run.path().display(),
        data.dataset,
        count(evaluation.samples)
    ));
    print_out(&words(&calibration));
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

/// The data of a run, or others in their place, with their notes shown.
pub(crate) fn run_data(run: &RunFolder, other: Option<&str>, ui: Ui) -> Result<Prepared> {
    let mut experiment = run.experiment()?;
    if run.is_finished() && run.summary()?.dataset_fallback {
        // Also where the real data have come since: the run never saw them.
        experiment.dataset = experiment.fallback.take().unwrap_or(experiment.dataset);
    }
    if let Some(name) = other {
        experiment.dataset = name.to_owned();
        experiment.fallback = None;
    }
    let data = prepare(&experiment)?;
    data.notes.iter().for_each(|note| ui.note(note));
    data.warnings.iter().for_each(|warning| ui.warning(warning));
    if let Some(warning) = compare_classes(&final_model(run)?, &data)? {
        ui.warning(warning);
    }
    Ok(data)
}

/// The run's own data may have changed since.
fn warn_of_other_data(run: &RunFolder, data: &Prepared, ui: Ui) {
    if let Ok(Some((checkpoint, _))) = latest_checkpoint(run)
        && let Err(error) = checkpoint.require_data(data)
    {
        ui.warning(error);
    }
}

/// The model that a finished run has come to.
fn final_model(run: &RunFolder) -> Result<ModelFile> {
    let path = run.file(file::MODEL);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    ModelFile::from_bytes(&bytes).with_context(|| format!("cannot use {}", path.display()))
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

/// The scores of a run's final model.
pub(crate) fn score_run(run: &RunFolder, data: &Prepared, split: Arc<Split>) -> Result<Scored> {
    let model = final_model(run)?;
    let (expected, found) = (model.config.outputs, data.outputs());
    ensure!(expected == found, "the model knows {expected} classes; {} has {found} classes", data.dataset);
    let device = Device::cpu();
    let images = DeviceData::upload(split, data.outputs(), &device)?;
    let spec = EngineSpec::new(model.config, vec![model.parameters], images.clone());
    let mut engine = build(None, &device, spec)?;
    Ok(score(engine.as_mut(), &images, View::PLAIN)?)
}
