//! `fude prune`.

use crate::commands::cost::Cost;
use crate::commands::train::{self, TrainArgs};
use crate::model_data::model_data;
use crate::model_lookup::FoundModel;
use crate::output::{Force, beside};
use crate::run_lookup::RUNS;
use crate::table::count;
use crate::ui::{Ui, print_json};
use anyhow::{Context, Result};
use fude_bench::gzip_bytes;
use fude_engine::DeviceRequest;
use fude_model::StoredModel;
use fude_record::{Experiment, Override, file};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Puts the smallest weights of a model to exactly 0, over all its layers together, at once or while it is trained on.
///
/// At once, the pruned model becomes a file beside the run's, and what that costs is measured on the validation split, or
/// the training images where there is none. With --finetune a new run starts from the model's weights, and they go
/// epoch by epoch, most of them early (Zhu and Gupta 2017); its experiment file says so in its section `[prune]`, and it
/// is resumed as any run.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude prune e1-l2 --sparsity 0.5                          writes pruned.safetensors into the run folder
  fude eval runs/e1-l2/20260101T120000Z-s0/pruned.safetensors
  fude prune e1-l2 --sparsity 0.9 --finetune experiments/e1-l2.toml --epochs 100
  fude train --resume e1-l2-pruned                         go on with that one after Ctrl-C")]
pub(crate) struct PruneArgs {
    /// The run folder, an experiment's name for its newest finished run, or a safetensors file.
    #[arg(value_name = "RUN|FILE")]
    model: String,
    /// The share of the weights that becomes 0, over 0 and below 1; biases stay.
    #[arg(long, value_name = "S", value_parser = parse_sparsity)]
    sparsity: f64,
    /// Train on as this experiment says, pruning meanwhile; the run is named after it, with -pruned behind, unless --set
    /// name=NAME.
    #[arg(long, value_name = "EXPERIMENT", conflicts_with_all = ["output", "force"])]
    finetune: Option<PathBuf>,
    /// Epochs over which the weights go, 0 is all at once; where left out, as the experiment says, or half of all.
    #[arg(long, value_name = "N", requires = "finetune")]
    ramp_epochs: Option<u32>,
    /// Epochs in all, in place of the experiment's.
    #[arg(long, value_name = "N", requires = "finetune")]
    epochs: Option<u32>,
    /// The seed, in place of the experiment's.
    #[arg(long, value_name = "S", requires = "finetune")]
    seed: Option<u32>,
    /// Put a value over the experiment's: train.learning_rate=5e-4. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "finetune")]
    set: Vec<Override>,
    /// auto or cpu: no GPU engine prunes.
    #[arg(long, value_name = "DEVICE", default_value = "auto", requires = "finetune")]
    device: DeviceRequest,
    /// Other data than the model's own, or than the experiment's: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// The file to write; where left out, pruned.safetensors in the run folder, or FILE with .pruned.safetensors at its
    /// end.
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

fn parse_sparsity(text: &str) -> Result<f64, String> {
    let inside = |share: &f64| *share > 0.0 && *share < 1.0;
    text.parse().ok().filter(inside).ok_or_else(|| "expected a share over 0 and below 1".to_owned())
}

pub(crate) fn run(args: &PruneArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let found = FoundModel::find(&args.model, &args.out, ui)?;
    match &args.finetune {
        Some(experiment) => finetune(args, &found, experiment, ui),
        None => at_once(args, &found, ui),
    }
}

/// Trains on from the model, as `fude train` does.
fn finetune(args: &PruneArgs, found: &FoundModel, experiment: &Path, ui: Ui) -> Result<()> {
    // An absolute path, for the experiment is read from anywhere.
    let path = std::path::absolute(&found.path).with_context(|| format!("cannot find {}", found.path.display()))?;
    // The model's own run mostly has the experiment's name: it must still be found by it.
    let name = Experiment::load(experiment, &[])?.name;
    // `--set` first so that a flag of its own wins, as in training.
    let mut set = vec![Override::text("name", &format!("{name}-pruned"))];
    set.extend(args.set.iter().cloned());
    set.push(Override::text("prune.from", &path.display().to_string()).given_by("RUN"));
    set.push(Override::new("prune.sparsity", format!("{:?}", args.sparsity)).given_by("--sparsity"));
    let epochs = args.epochs.map(|epochs| Override::new("train.epochs", epochs).given_by("--epochs"));
    let all: Vec<Override> = set.iter().chain(&epochs).cloned().collect();
    let half = Experiment::load(experiment, &all)?.train.epochs / 2;
    let ramp = |epochs: u32| Override::new("prune.ramp_epochs", epochs).given_by("--ramp-epochs");
    set.push(args.ramp_epochs.map_or_else(|| ramp(half).where_absent(), ramp));
    let mut train = TrainArgs::of(experiment, &args.out);
    (train.epochs, train.seed, train.set, train.json) = (args.epochs, args.seed, set, args.json);
    train.data.clone_from(&args.data);
    train.device.clone_from(&args.device);
    train::run(&train, ui)
}

fn at_once(args: &PruneArgs, found: &FoundModel, ui: Ui) -> Result<()> {
    let output = args.output.clone().unwrap_or_else(|| match &found.run {
        Some(run) => run.file(file::PRUNED),
        None => beside(&found.path, file::PRUNED),
    });
    let model = found.trained()?;
    args.force.check(&output)?;
    let data = model_data(found, &model.metadata, args.data.as_deref(), ui)?;
    let mut pruned = model.clone().pruned(args.sparsity);
    pruned.metadata.insert("sparsity".into(), args.sparsity.to_string());
    let (weights, zeros) = (model.parameters.layout.weights(), pruned.parameters.zero_weights());
    let bytes = [model.to_bytes()?, pruned.to_bytes()?];
    args.force.write(&output, &bytes[1])?;
    let cost = Cost::measure(&found.name(), [StoredModel::F32(model), StoredModel::F32(pruned)], &data)?;
    let sizes = bytes.map(|bytes| (bytes.len(), gzip_bytes(&bytes)));
    if args.json {
        let [before, after] = cost.scored.map(|scored| scored.evaluation);
        return print_json(&json!({
            "model": found.name(), "output": output, "sparsity": args.sparsity, "weights": weights, "zero_weights": zeros,
            "bytes": { "before": sizes[0].0, "pruned": sizes[1].0 },
            "gzip_bytes": { "before": sizes[0].1, "pruned": sizes[1].1 },
            "split": cost.split, "samples": cost.samples,
            "accuracy": { "before": before.accuracy, "pruned": after.accuracy },
            "loss": { "before": before.loss, "pruned": after.loss }, "same_class": cost.same_class,
        }));
    }
    let row = |name: &str, left: usize, (bytes, packed): (usize, usize)| {
        vec![name.to_owned(), count(left), bytes.to_string(), packed.to_string()]
    };
    let header = ["model", "weights not 0", "bytes", "bytes after gzip", "accuracy", "loss"];
    let rows = [row("before", weights, sizes[0]), row("pruned", weights - zeros, sizes[1])];
    ui.result(cost.table(&header, rows));
    ui.result(cost.words(&data));
    ui.result(format!("pruned model: {}", output.display()));
    Ok(())
}
