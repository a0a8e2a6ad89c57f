//! The flags of `fude train`.

use super::seeds::Seeds;
use crate::run_lookup::RUNS;
use fude_engine::{DeviceRequest, EngineKind};
use fude_record::Override;
use std::path::{Path, PathBuf};

/// Trains an experiment and leaves everything about it in a run folder.
#[derive(clap::Args, Default)]
#[command(after_help = "\
Examples:
  fude train experiments/e1-l2.toml                         the study's first experiment
  fude train experiments/e1-l2.toml --data ../images        on your own files (idx, npz, or a folder a class)
  fude train experiments/e3-deep-l2.toml --set train.batch=512 --set train.learning_rate=2e-3
  fude train experiments/e1-l2.toml --seeds 0..5            five runs, their mean and 95 % interval
  fude train experiments/e1-l2.toml --folds 8 --data DIR    cross-validation: eight runs, another eighth held out in each
  fude train experiments/e3-deep-l2.toml --resume           go on with the newest unfinished run
  fude train --resume e3-deep-l2 --epochs 600               extend a finished run")]
pub(crate) struct TrainArgs {
    /// The experiment file; may be left out with `--resume RUN`.
    #[arg(required_unless_present = "resume")]
    pub(in crate::commands) experiment: Option<PathBuf>,
    /// Train on other data: kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR")]
    pub(in crate::commands) data: Option<String>,
    /// auto, gpu, cpu, or a part of a device's name.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(in crate::commands) device: DeviceRequest,
    /// auto, burn or fused.
    #[arg(long, default_value = "auto", value_parser = parse_engine)]
    pub(in crate::commands) engine: EngineChoice,
    /// Epochs in all, in place of the experiment's.
    #[arg(long, value_name = "N")]
    pub(in crate::commands) epochs: Option<u32>,
    /// The seed, in place of the experiment's.
    #[arg(long, value_name = "S")]
    pub(in crate::commands) seed: Option<u32>,
    /// Train with each of these seeds, and tell mean and spread: 0..5 (0 to 4), or 0,3,7.
    #[arg(long, value_name = "A..B|LIST", conflicts_with_all = ["seed", "folds", "fast_dev_run"])]
    pub(super) seeds: Option<Seeds>,
    /// Cross-validation: K runs, each with another K-th of the training images as its test split; test files are left alone.
    #[arg(long, value_name = "K", conflicts_with = "fast_dev_run", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(in crate::commands) folds: Option<u32>,
    /// Runs of --seeds or --folds at once. On the CPU each takes its share of the cores, and one at a time is the default; on a
    /// GPU seeds train in the same dispatches, all of them up to 16.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(in crate::commands) jobs: Option<u16>,
    /// Put a value over the file's: train.batch=256. May be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(in crate::commands) set: Vec<Override>,
    /// Where to leave runs.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    pub(in crate::commands) out: PathBuf,
    /// Go on with RUN; without RUN, with the newest unfinished run of this experiment and seed. With --seeds or --folds,
    /// runs that have finished are not trained again.
    #[arg(long, value_name = "RUN", num_args = 0..=1)]
    pub(in crate::commands) resume: Option<Option<String>>,
    /// Start from the weights of a run or a safetensors file.
    #[arg(long, value_name = "RUN|FILE", conflicts_with = "resume")]
    pub(in crate::commands) init: Option<String>,
    /// Fail where there is no GPU, instead of training on the CPU.
    #[arg(long)]
    pub(in crate::commands) require_gpu: bool,
    /// Count software adapters (llvmpipe, WARP) as GPUs.
    #[arg(long)]
    pub(in crate::commands) allow_software: bool,
    /// Two steps of one epoch on a few images, evaluated, and nothing left: does it all work?
    #[arg(long, conflicts_with = "resume")]
    pub(in crate::commands) fast_dev_run: bool,
    /// Write event files for TensorBoard into the run folder too: scalars each epoch, pictures at the end.
    #[arg(long)]
    pub(in crate::commands) tensorboard: bool,
    /// The summary as one line of JSON on stdout, and nothing else there.
    #[arg(long)]
    pub(in crate::commands) json: bool,
}

impl TrainArgs {
    /// What another command trains an experiment with: as without flags.
    pub(in crate::commands) fn of(experiment: &Path, out: &Path) -> Self {
        Self { experiment: Some(experiment.to_owned()), out: out.to_owned(), ..Self::default() }
    }
}

#[derive(Clone, Copy, Default)]
pub(crate) struct EngineChoice(pub(crate) Option<EngineKind>);

pub(crate) fn parse_engine(text: &str) -> Result<EngineChoice, String> {
    match text {
        "auto" => Ok(EngineChoice(None)),
        name => name.parse().map(|kind| EngineChoice(Some(kind))).map_err(|error: String| format!("{error}; or auto")),
    }
}
