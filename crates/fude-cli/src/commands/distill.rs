//! `fude distill`.

use crate::commands::train::{self, TrainArgs};
use crate::model_lookup::FoundModel;
use crate::run_lookup::RUNS;
use crate::ui::Ui;
use anyhow::{Context, Result};
use fude_engine::DeviceRequest;
use fude_record::{Experiment, Override};
use std::path::PathBuf;

/// Trains a network on what other models say of each image, beside its label.
///
/// The teachers see each image as the student does, deformed alike. The same can be written into an experiment file, as
/// its section `[distill]`. The run is named after the experiment, with `-distilled` behind it; `--set name=...` names it
/// otherwise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude distill wide-augmented experiments/study-network-augmented.toml
  fude distill runs/wide-augmented/* experiments/e1-l2.toml --weight 0.7 --seed 1     an ensemble teaches")]
pub(crate) struct DistillArgs {
    /// Run folders, experiments' names for their newest finished runs, or safetensors files: the teachers.
    #[arg(required = true, value_name = "TEACHER")]
    teachers: Vec<String>,
    /// The student's experiment file.
    #[arg(required = true)]
    experiment: PathBuf,
    /// Both models' logits are divided by it before the softmax; where left out, as the experiment says, or 4.
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// The teachers' share of the loss, in [0, 1]; where left out, as the experiment says, or 0.9.
    #[arg(long, value_name = "W")]
    weight: Option<f64>,
    /// Train on other data than the experiment's.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// auto, gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: DeviceRequest,
    /// Epochs in all, in place of the experiment's.
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// The seed, in place of the experiment's.
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// Put a value over the file's: train.batch=256. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Override>,
    /// Where the teachers' runs are, and where to leave the student's.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// The summary as one line of JSON on stdout, and nothing else there.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &DistillArgs, ui: Ui) -> Result<()> {
    let teacher = |text: &String| {
        let path = FoundModel::find(text, &args.out, ui)?.path;
        // An absolute path, for the run is resumed from anywhere.
        let path = std::path::absolute(&path).with_context(|| format!("cannot find {}", path.display()))?;
        Ok(path.display().to_string())
    };
    let teachers = args.teachers.iter().map(teacher).collect::<Result<Vec<String>>>()?;
    // A run that learned by itself mostly has the experiment's name: it must still be found by it.
    let name = Experiment::load(&args.experiment, &[])?.name;
    let mut set = vec![Override::text("name", &format!("{name}-distilled"))];
    set.extend(args.set.iter().cloned());
    set.push(Override::new("distill.teachers", serde_json::to_string(&teachers)?).given_by("TEACHER"));
    let number = |key: &str, value: f64| Override::new(key, format!("{value:?}"));
    set.extend(args.temperature.map(|t| number("distill.temperature", t).given_by("--temperature")));
    set.extend(args.weight.map(|weight| number("distill.weight", weight).given_by("--weight")));
    let mut train = TrainArgs::of(&args.experiment, &args.out);
    (train.epochs, train.seed, train.set, train.json) = (args.epochs, args.seed, set, args.json);
    train.data.clone_from(&args.data);
    train.device.clone_from(&args.device);
    train::run(&train, ui)
}
