//! `fude baseline`.

use crate::commands::compare::results_table;
use crate::exit::Stopped;
use crate::spread::{series_json, spread_table};
use crate::table::{duration, percent};
use crate::ui::{Ui, print_json, print_out};
use anyhow::Result;
use clap::ValueEnum;
use fude_baseline::{MAX_K, Method, Setting};
use fude_engine::Device;
use fude_record::{DataConfig, Event, Experiment, Optimizer, Schedule, Summary, TrainConfig};
use fude_train::{Outcome, Prepared, StopFlag, TrainRequest, prepare};
use std::time::Instant;

/// Measures what a network must beat on the same splits: nearest neighbours, or logistic regression.
///
/// All images that are not held out for testing are used; nothing is chosen on any split.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude baseline knn --data fashion                        4 nearest neighbours on pixels
  fude baseline pca-knn --data fashion --components 40    the same on principal components
  fude baseline knn --data DIR --folds 8 --json >> baselines.jsonl
  fude compare e1-l2 baselines.jsonl                      beside a network on the same folds")]
pub(crate) struct BaselineArgs {
    /// The method.
    #[arg(value_enum)]
    method: MethodName,
    /// kmnist, fashion, mnist, k49, kana, or a folder with idx, npz or image files.
    #[arg(long, value_name = "NAME|DIR", default_value = "kmnist")]
    data: String,
    /// Neighbours asked by knn and pca-knn [default: 4]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=MAX_K as i64))]
    k: Option<u16>,
    /// Principal components of pca-knn [default: 50, or as many as an image has pixels]
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u16).range(1..))]
    components: Option<u16>,
    /// Epochs of logistic [default: 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Seed of logistic [default: 0]
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// Cross-validation: K folds of the training images, each the test split once.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=1000))]
    folds: Option<u32>,
    /// Share held out as test split where a folder has no test files.
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, conflicts_with = "folds")]
    test_fraction: f64,
    /// Which images are held out.
    #[arg(long, value_name = "S", default_value_t = 0)]
    split_seed: u32,
    /// Only the first so many training images.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// One line of JSON, as `fude results` and `fude compare` take it.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Nearest neighbours by pixels.
    Knn,
    /// Nearest neighbours by principal components.
    PcaKnn,
    /// Logistic regression: a network without hidden layers.
    Logistic,
}

pub(crate) fn run(args: &BaselineArgs, ui: Ui) -> Result<()> {
    args.require_used()?;
    let folds: Vec<Option<u32>> = args.folds.map_or(vec![None], |folds| (0..folds).map(Some).collect());
    let ui = Ui { json: args.json, ..ui };
    let summaries = folds.into_iter().map(|fold| args.measure(fold, ui)).collect::<Result<Vec<Summary>>>()?;
    match summaries.as_slice() {
        [only] if args.json => return print_json(only),
        all if args.json => return print_json(&series_json(all, all.iter())?),
        _ => print_out(&results_table(summaries.iter())),
    }
    if summaries.len() > 1 {
        print_out(&format!("\n{}", spread_table(summaries.iter())));
    }
    let seconds: f64 = summaries.iter().map(|summary| summary.seconds).sum();
    print_out(&format!("\nmeasured in {}", duration(seconds)));
    Ok(())
}

impl BaselineArgs {
    fn measure(&self, fold: Option<u32>, ui: Ui) -> Result<Summary> {
        let experiment = self.experiment(fold);
        experiment.validate().map_err(|error| Stopped::Usage(error.to_string()))?;
        let data = prepare(&experiment)?;
        data.notes.iter().for_each(|note| ui.note(note));
        if data.test.is_none() {
            let why = format!("{} has no test split: give --folds, or --test-fraction over 0", data.dataset);
            return Err(Stopped::Usage(why).into());
        }
        let k = usize::from(self.k.unwrap_or(4));
        match self.method {
            MethodName::Knn => Ok(neighbours(Method::Knn { k }, &data, &experiment, ui)),
            MethodName::PcaKnn => {
                let components = self.components_of(data.train.inputs())?;
                Ok(neighbours(Method::PcaKnn { k, components }, &data, &experiment, ui))
            }
            MethodName::Logistic => logistic(experiment, data),
        }
    }

    /// Flags that the method knows nothing of are refused, and not passed over.
    fn require_used(&self) -> Result<()> {
        let method = self.method;
        let flags = [
            ("--k", self.k.is_some(), method != MethodName::Logistic, "knn and pca-knn"),
            ("--components", self.components.is_some(), method == MethodName::PcaKnn, "pca-knn"),
            ("--epochs", self.epochs.is_some(), method == MethodName::Logistic, "logistic"),
            ("--seed", self.seed.is_some(), method == MethodName::Logistic, "logistic"),
        ];
        match flags.iter().find(|(_, given, used, _)| *given && !used) {
            Some((flag, _, _, of)) => Err(Stopped::Usage(format!("{flag} is a flag of {of} alone")).into()),
            None => Ok(()),
        }
    }

    /// There are no more of them than pixels.
    fn components_of(&self, pixels: usize) -> Result<usize> {
        match self.components.map(usize::from) {
            Some(asked) if asked > pixels => {
                let why = format!("--components: expected 1 to {pixels}, the pixels of an image, found {asked}");
                Err(Stopped::Usage(why).into())
            }
            asked => Ok(asked.unwrap_or(50).min(pixels)),
        }
    }

    fn experiment(&self, fold: Option<u32>) -> Experiment {
        Experiment {
            name: "logistic".into(),
            dataset: self.data.clone(),
            fallback: None,
            model: fude_model::MlpConfig { hidden: Vec::new(), ..Default::default() },
            train: TrainConfig {
                epochs: self.epochs.unwrap_or(30),
                seed: self.seed.unwrap_or(0),
                optimizer: Optimizer::AdamW,
                weight_decay: 0.01,
                schedule: Schedule::Cosine,
                ..Default::default()
            },
            augment: None,
            distill: None,
            prune: None,
            data: DataConfig {
                test_fraction: self.test_fraction,
                validation_fraction: 0.0,
                split_seed: self.split_seed,
                folds: self.folds,
                fold,
                limit: self.limit,
                ..Default::default()
            },
            early_stopping: None,
            eval: Default::default(),
            checkpoint: Default::default(),
        }
    }
}

fn neighbours(method: Method, data: &Prepared, experiment: &Experiment, ui: Ui) -> Summary {
    let (train, test) = (&data.train, data.test.clone().unwrap_or_default());
    let started = Instant::now();
    let predicted = method.predict(train, &test, data.outputs());
    let seconds = started.elapsed().as_secs_f64();
    if let Some(explained) = predicted.explained {
        ui.note(format!("the components hold {} of the variance", percent(Some(explained))));
    }
    let setting = Setting {
        name: method.name(),
        model: method.model(),
        dataset: data.dataset.clone(),
        classes: data.classes.clone(),
        fold: experiment.data.folds.zip(experiment.data.fold),
        test_fingerprint: data.held_out_fingerprints().test,
        device: Device::cpu().name().to_owned(),
    };
    setting.summary(train, &test, &predicted.classes, seconds)
}

fn logistic(experiment: Experiment, data: Prepared) -> Result<Summary> {
    let request = TrainRequest::new(experiment, data, Device::cpu());
    match fude_train::train(request, &mut |_: &Event| (), &StopFlag::default())? {
        Outcome::Finished { summary, .. } => Ok(*summary),
        Outcome::Interrupted(_) => Err(Stopped::Interrupted("ended before its time".into()).into()),
    }
}
