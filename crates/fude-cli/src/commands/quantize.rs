//! `fude quantize`.

use crate::commands::eval::{logits, model_data};
use crate::model_lookup::FoundModel;
use crate::output::{Force, beside};
use crate::run_lookup::RUNS;
use crate::table::{loss, percent, table};
use crate::ui::{Ui, print_json};
use anyhow::Result;
use fude_data::Split;
use fude_engine::{Calibration, calibrate};
use fude_model::{ModelFile, QuantisedModel, StoredModel};
use fude_record::file;
use fude_train::{Prepared, Scored};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// The run folder, an experiment's name for its newest run, or a safetensors file.
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
    let found = FoundModel::find(&args.model, &args.out)?;
    let output = args.output.clone().unwrap_or_else(|| match &found.run {
        Some(run) => run.file(file::INT8),
        None => beside(&found.path, "int8.safetensors"),
    });
    args.force.check(&output)?;
    let model = found.trained()?;
    let data = model_data(&found, &model.metadata, args.data.as_deref(), ui)?;
    let how = Calibration { percentile: args.percentile, images: args.images as usize };
    let mut int8 = QuantisedModel::new(&model, &calibrate(&model, &data.train, how)?);
    let images = how.images.min(data.train.len());
    let calibration =
        format!("{} % of the activations on {images} training images of {}", how.percentile, data.dataset);
    int8.metadata.insert("calibration".into(), calibration);
    let sizes = [model.to_bytes()?.len(), int8.to_bytes()?.len()];
    args.force.write(&output, &int8.to_bytes()?)?;
    let cost = Cost::measure(&found, model, int8, &data)?;
    if args.json {
        return print_json(&json!({
            "model": found.name(), "output": output, "bits": args.bits, "bytes": { "f32": sizes[0], "int8": sizes[1] },
            "split": cost.split, "samples": cost.samples,
            "accuracy": { "f32": cost.scored[0].evaluation.accuracy, "int8": cost.scored[1].evaluation.accuracy },
            "loss": { "f32": cost.scored[0].evaluation.loss, "int8": cost.scored[1].evaluation.loss },
            "same_class": cost.same_class,
        }));
    }
    ui.result(cost.table(sizes));
    let (split, samples, same) = (cost.split, cost.samples, percent(Some(cost.same_class)));
    ui.result(format!("\nmeasured on {samples} {split} images of {}; {same} get the same class", data.dataset));
    ui.result(format!("int8 model: {}", output.display()));
    Ok(())
}

/// What int8 weights cost.
struct Cost {
    split: &'static str,
    samples: usize,
    /// With f32 weights, with int8 weights.
    scored: [Scored; 2],
    /// Share of images that get the same class from both.
    same_class: f64,
}

impl Cost {
    /// Measures it without a look at the test split.
    fn measure(found: &FoundModel, model: ModelFile, int8: QuantisedModel, data: &Prepared) -> Result<Self> {
        let (split, images): (_, &Arc<Split>) = match &data.validation {
            Some(images) => ("validation", images),
            None => ("training", &data.train),
        };
        let exact = logits(&found.name(), StoredModel::F32(model), data, images)?;
        let rounded = logits(&found.name(), StoredModel::Int8(int8), data, images)?;
        let same = exact.predictions().zip(rounded.predictions()).filter(|(a, b)| a == b).count();
        let samples = images.len();
        let scored = [exact, rounded].map(|logits| Scored::of(&logits, &images.labels));
        Ok(Self { split, samples, scored, same_class: same as f64 / samples.max(1) as f64 })
    }

    fn table(&self, sizes: [usize; 2]) -> String {
        let row = |name: &str, size: usize, scored: &Scored| {
            let Scored { evaluation, .. } = scored;
            vec![name.to_owned(), size.to_string(), percent(Some(evaluation.accuracy)), loss(Some(evaluation.loss))]
        };
        let [exact, rounded] = &self.scored;
        table(
            &["weights", "bytes", "accuracy", "loss"],
            vec![row("f32", sizes[0], exact), row("int8", sizes[1], rounded)],
        )
    }
}
