//! `fude import`.

use crate::exit::Stopped;
use crate::output::{Force, beside};
use crate::ui::{Ui, print_json};
use anyhow::{Context, Result};
use clap::ValueEnum;
use fude_model::{Activation, ImportOptions, Imported, import};
use fude_record::RunFolder;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Takes over a model that another program trained: Linear layers in a safetensors file, under whatever names.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude import mlp.safetensors --hidden 256,128,64                 writes mlp.fude.safetensors
  fude import net.safetensors --activation gelu --output mine.safetensors
  fude eval mine.safetensors --data fashion

Weights are [out, in], as PyTorch has them; f16, bf16 and f64 become f32. The model must take grey values / 255.")]
pub(crate) struct ImportArgs {
    /// The safetensors file.
    file: PathBuf,
    /// Widths of the hidden layers, first to last; where left out, layers come in the order of their names.
    #[arg(long, value_name = "H,...", value_delimiter = ',')]
    hidden: Option<Vec<usize>>,
    /// The activation; where left out, what the file's metadata say, else relu.
    #[arg(long, value_enum)]
    activation: Option<ActivationName>,
    /// Hidden layers as wide as the one before add their input: h + act(fc(h)). Where left out, what the file's metadata say.
    #[arg(long)]
    residual: bool,
    /// The file to write; where left out, FILE with .fude.safetensors at its end.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// One line of JSON instead of a list.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ActivationName {
    Relu,
    Gelu,
    Tanh,
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Relu => Self::Relu,
            ActivationName::Gelu => Self::Gelu,
            ActivationName::Tanh => Self::Tanh,
        }
    }
}

pub(crate) fn run(args: &ImportArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let path = args.file.display();
    require_file(&args.file)?;
    let bytes = std::fs::read(&args.file).with_context(|| format!("cannot read {path}"))?;
    let (hidden, activation) = (args.hidden.clone(), args.activation.map(Activation::from));
    let options = ImportOptions { hidden, activation, residual: args.residual };
    let Imported { model, names, notes } = import(&bytes, &options).with_context(|| format!("cannot use {path}"))?;
    let output = args.output.clone().unwrap_or_else(|| beside(&args.file, "fude.safetensors"));
    args.force.check(&output)?;
    notes.iter().for_each(|note| ui.note(note));
    args.force.write(&output, &model.to_bytes()?)?;
    let (shape, activation, residual) = (model.config.shape(), model.config.activation.name(), model.config.residual);
    if args.json {
        return print_json(&json!({
            "file": args.file, "output": output, "network": shape, "activation": activation, "residual": residual, "layers": names,
            "parameters": model.parameters.values.len(), "notes": notes,
        }));
    }
    for (layer, name) in model.parameters.layout.layers.iter().zip(&names) {
        ui.result(format!("{}: {} -> {}, from {name}", layer.name, layer.inputs, layer.outputs));
    }
    let and = if residual { " and residual connections" } else { "" };
    ui.result(format!("{}: {shape} with {activation}{and}", output.display()));
    Ok(())
}

fn require_file(path: &Path) -> Result<()> {
    let shown = path.display();
    let why = if path.is_file() {
        return Ok(());
    } else if RunFolder::open(path).is_ok() {
        format!("{shown} is a run of fude, which needs no import: `fude eval {shown}` and the others take it as it is")
    } else if path.is_dir() {
        format!("{shown} is a folder: expected a safetensors file")
    } else {
        format!("there is no file {shown}")
    };
    Err(Stopped::Usage(why).into())
}
