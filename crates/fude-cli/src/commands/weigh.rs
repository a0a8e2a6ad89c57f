//! `fude weigh`.

use crate::exit::Stopped;
use crate::model_data::model_data;
use crate::model_lookup::FoundModel;
use crate::run_lookup::RUNS;
use crate::table::table;
use crate::ui::{Ui, finish_output, print_out};
use crate::weighed::{HEADER, rows};
use anyhow::{Context, Result};
use fude_bench::{ToWeigh, weigh};
use fude_record::{RunFolder, file};
use fude_train::{Prepared, compare_classes};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Weighs models against each other: test accuracy, bytes, parameters, and how long an answer takes on one thread.
///
/// A row is an experiment, over all of its runs that are given; files beside a run's final model are rows of their own.
/// Times are those of the fastest round, all models taking turns.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  fude weigh e1-l2 e3-deep-l2
  fude weigh runs/e1-l2/* runs/e1-l2/*/int8.safetensors    five seeds and their int8 files: two rows
  fude weigh runs/e1-l2/* --json >> weighed.jsonl          a line a model; `fude results` makes a Markdown table of them")]
pub(crate) struct WeighArgs {
    /// Run folders, experiments' names for their newest finished runs, or safetensors files.
    #[arg(value_name = "RUN|FILE", required = true)]
    models: Vec<String>,
    /// Measure on other data than the first model's own: a set's name or a folder.
    #[arg(long, value_name = "NAME|DIR")]
    data: Option<String>,
    /// Rounds of timing.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// A line of JSON for each model instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &WeighArgs, ui: Ui) -> Result<()> {
    let ui = Ui { json: args.json, ..ui };
    let found = args.models.iter().map(|text| FoundModel::find(text, &args.out, ui)).collect::<Result<Vec<_>>>()?;
    let data = model_data(&found[0], found[0].stored()?.metadata(), args.data.as_deref(), ui)?;
    let no_test = || Stopped::Usage(format!("{} has no test split in this run", data.dataset));
    let split = data.test.clone().ok_or_else(no_test)?;
    if args.data.is_none() {
        warn_of_other_test_images(&found, &data, ui)?;
    }
    note_looks(&found, ui)?;
    let to_weigh = |one: &FoundModel| {
        let model = one.stored()?;
        compare_classes(model.metadata(), &data).with_context(|| one.name())?;
        let seed = model.metadata().get("seed").and_then(|seed| seed.parse().ok());
        Ok(ToWeigh { name: row_name(one)?, seed, model, bytes: one.bytes.clone() })
    };
    let models = found.iter().map(to_weigh).collect::<Result<Vec<_>>>()?;
    let weighed = weigh(models, &data.dataset, &split, args.rounds)?;
    if args.json {
        for one in &weighed {
            print_out(&serde_json::to_string(one)?);
        }
        return finish_output();
    }
    ui.result(table(&HEADER, rows(&weighed)));
    let (first, samples) = (&weighed[0], split.len());
    ui.result(format!("\non {samples} test images of {}; one thread of the {}", data.dataset, first.device));
    Ok(())
}

/// All models are measured on the first one's test images, which runs with another hold-out were trained on.
fn warn_of_other_test_images(found: &[FoundModel], data: &Prepared, ui: Ui) -> Result<()> {
    let measured = data.held_out_fingerprints().test;
    let runs: BTreeMap<&Path, &RunFolder> =
        found.iter().filter_map(|one| one.run.as_ref()).map(|run| (run.path(), run)).collect();
    for (path, run) in runs {
        let theirs = run.summary()?.test_fingerprint;
        if theirs.is_some() && theirs != measured {
            ui.warning(format!(
                "{}: its test images are not those measured here; images that it was trained on may be among them",
                path.display()
            ));
        }
    }
    Ok(())
}

/// Runs whose own figures are over several looks at each image have others here.
fn note_looks(found: &[FoundModel], ui: Ui) -> Result<()> {
    let experiments = found.iter().filter_map(|one| one.run.as_ref()).map(RunFolder::experiment);
    let looking =
        experiments.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|experiment| experiment.eval.looks > 0);
    let names: BTreeSet<String> = looking.map(|experiment| experiment.name).collect();
    if !names.is_empty() {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        ui.note(format!(
            "{names}: weighed with one look at each image, whatever eval.looks says; `fude eval` takes all"
        ));
    }
    Ok(())
}

/// `e1-l2`, `e1-l2 int8`, or the path of a file outside of any run.
fn row_name(found: &FoundModel) -> Result<String> {
    let Some(run) = &found.run else { return Ok(found.name()) };
    let name = run.experiment()?.name;
    if found.path == run.file(file::MODEL) {
        return Ok(name);
    }
    let stem = found.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(format!("{name} {}", stem.unwrap_or_default()))
}
