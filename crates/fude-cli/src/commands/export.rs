//! `fude export`.

use crate::exit::Stopped;
use crate::model_lookup::FoundModel;
use crate::output::Force;
use crate::run_lookup::RUNS;
use crate::ui::{Ui, print_json};
use anyhow::{Context, Result};
use clap::ValueEnum;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes a model for other programs: safetensors with PyTorch's names and layouts, or ONNX.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude export e1-l2 --output e1.onnx                          input `images` [N, I] f32 in [0, 1], output `logits`
  fude export e1-l2 --format safetensors --output e1.safetensors
  fude export runs/e1-l2/20260101T120000Z-s0 --format onnx --output e1.onnx --force")]
pub(crate) struct ExportArgs {
    /// The run folder, an experiment's name for its newest finished run, or a safetensors file.
    #[arg(value_name = "RUN|FILE")]
    model: String,
    /// The form; where left out, what the output file's name ends in.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of a sentence.
    #[arg(long)]
    json: bool,
}

/// Forms of a model's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// `fc1.weight` `[out, in]`, `fc1.bias` `[out]`, ...: `load_state_dict` takes it.
    Safetensors,
    /// Opset 17, the batch dimension free.
    Onnx,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
        }
    }

    fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        [Self::Safetensors, Self::Onnx].into_iter().find(|format| format.name() == end)
    }
}

pub(crate) fn run(args: &ExportArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let Some(format) = args.format.or_else(|| Format::of(&args.output)) else {
        let why = format!("{} ends neither in .safetensors nor in .onnx: give --format", args.output.display());
        return Err(Stopped::Usage(why).into());
    };
    if let Some(other) = Format::of(&args.output).filter(|other| *other != format) {
        let (path, other, format) = (args.output.display(), other.name(), format.name());
        let why = format!(
            "{path} would be {format} under a name that says {other}: give --output another, or leave --format out"
        );
        return Err(Stopped::Usage(why).into());
    }
    let found = FoundModel::find(&args.model, &args.out, ui)?;
    let model = found.trained()?;
    args.force.check(&args.output)?;
    let bytes = match format {
        Format::Safetensors => model.to_bytes().map_err(anyhow::Error::from),
        Format::Onnx => model.to_onnx().map_err(anyhow::Error::from),
    };
    let bytes = bytes.with_context(|| format!("cannot export {}", found.name()))?;
    args.force.write(&args.output, &bytes)?;
    let (shape, parameters) = (model.config.shape(), model.parameters.values.len());
    if args.json {
        return print_json(&json!({
            "model": found.name(), "output": args.output, "format": format.name(), "bytes": bytes.len(),
            "network": shape, "parameters": parameters,
        }));
    }
    let (name, size) = (format.name(), bytes.len());
    ui.result(format!("{}: {shape} as {name}, {parameters} parameters, {size} bytes", args.output.display()));
    Ok(())
}
