//! `fude quantize`.

use crate::commands::cost::Cost;
use crate::model_data::model_data;
use crate::model_lookup::FoundModel;
use crate::output::{Force, beside};
use crate::run_lookup::RUNS;
use crate::ui::{Ui, print_json};
use anyhow::Result;
use fude_engine::{Calibration, calibrate};
use fude_model::{QuantisedModel, StoredModel};
use fude_record::file;
use serde_json::json;
use std::path::PathBuf;

/// Rounds a model's weights to int8 and calibrates its activations on training images: a quarter of the bytes.
///
/// What that costs is measured on the validation split, or the training images where there is none.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude quantize e1-l2                              writes int8.safetensors into the run folder
  fude quantize e1-l2 --output small.safetensors
  fude eval small.safetensors                      on the test split, with int8 sums")]
pub(crate) struct QuantizeArgs {
    /// The run folder, an experiment's name for its newest finished run, or a safetensors file.
    #[arg(value_name = "RUN|FILE")]
    model: String,
    /// Bits of a weight.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(8..=8))]
    bits: u8,
    /// Calibrate on other data than the model's own: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Share of a layer's activations, in percent, that its range holds; 100 is all of them.
    #[arg(long, value_name = "P", default_value_t = 100.0, value_parser = parse_percentile)]
    percentile: f64,
    /// Training images to calibrate on, at most.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    images: u32,
    /// The file to write; where left out, int8.safetensors in the run folder, or FILE with .int8.safetensors at its end.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn parse_percentile(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|p| (50.0..=100.0).contains(p)).ok_or_else(|| "expected 50 to 100 percent".to_owned())
}

pub(crate) fn run(args: &QuantizeArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let found = FoundModel::find(&args.model, &args.out, ui)?;
    let output = args.output.clone().unwrap_or_else(|| match &found.run {
        Some(run) if found.path == run.file(file::MODEL) => run.file(file::INT8),
        _ => beside(&found.path, "int8.safetensors"),
    });
    let model = found.trained()?;
    args.force.check(&output)?;
    let data = model_data(&found, &model.metadata, args.data.as_deref(), ui)?;
    let how = Calibration { percentile: args.percentile, images: args.images as usize };
    let mut int8 = QuantisedModel::new(&model, &calibrate(&model, &data.train, how)?);
    let images = how.images.min(data.train.len());
    let calibration =
        format!("{} % of the activations on {images} training images of {}", how.percentile, data.dataset);
    int8.metadata.insert("calibration".into(), calibration);
    let sizes = [model.to_bytes()?.len(), int8.to_bytes()?.len()];
    args.force.write(&output, &int8.to_bytes()?)?;
    let cost = Cost::measure(&found.name(), [StoredModel::F32(model), StoredModel::Int8(int8)], &data)?;
    if args.json {
        return print_json(&json!({
            "model": found.name(), "output": output, "bits": args.bits, "bytes": { "f32": sizes[0], "int8": sizes[1] },
            "split": cost.split, "samples": cost.samples,
            "accuracy": { "f32": cost.scored[0].evaluation.accuracy, "int8": cost.scored[1].evaluation.accuracy },
            "loss": { "f32": cost.scored[0].evaluation.loss, "int8": cost.scored[1].evaluation.loss },
            "same_class": cost.same_class,
        }));
    }
    let header = ["weights", "bytes", "accuracy", "loss"];
    ui.result(
        cost.table(&header, [vec!["f32".into(), sizes[0].to_string()], vec!["int8".into(), sizes[1].to_string()]]),
    );
    ui.result(cost.words(&data));
    ui.result(format!("int8 model: {}", output.display()));
    Ok(())
}
