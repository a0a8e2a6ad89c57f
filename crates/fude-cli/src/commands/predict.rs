//! `fude predict`.

mod output;
mod show;

use crate::model::{OpenModel, open_model};
use crate::run_lookup::RUNS;
use crate::ui::{Ui, print_json};
use anyhow::{Result, bail};
use fude_predict::{PredictError, Recognised, find_pictures, predict_files};
use output::Words;
use serde_json::{Value, json};
use show::Show;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  fude predict e1-l2 character.png
  fude predict e3-deep-l2 scans/ photo.jpg --top 1 --json
  fude predict e1-l2 scans/ --show prepared.png            look at what the model was shown";

/// Says what is on pictures, whether their ink is dark or light, wherever it is and however large, on the CPU.
///
/// Each picture is looked at once, whatever eval.looks says.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PredictArgs {
    /// The run folder, an experiment's name for its newest finished run, or a safetensors file.
    run: String,
    /// PNG, JPEG or BMP files, or folders of them at any depth. One character a picture.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// The likeliest classes named for each.
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=256))]
    top: u16,
    /// Write the images that the model was shown: a folder gets one file each, a .png file a picture of them all.
    #[arg(long, value_name = "DIR|FILE.png")]
    show: Option<PathBuf>,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
    /// One line of JSON instead of lines of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &PredictArgs, ui: Ui) -> Result<()> {
    let OpenModel { path, mut classifier } = open_model(&args.run, &args.out, ui)?;
    let (mut paths, mut failures) = (Vec::new(), Failures { ui, json: Vec::new() });
    for found in find_pictures(&args.images) {
        match found {
            Ok(path) => paths.push(path),
            Err(error) => failures.add(None, &error),
        }
    }
    let mut show = args.show.as_deref().map(|to| Show::new(to, &classifier, &paths)).transpose()?;
    let words = Words::new(&classifier, &paths);
    let (mut results, mut shown, mut recognised) = (Vec::new(), Ok(()), 0usize);
    predict_files(&mut classifier, &paths, usize::from(args.top), |path, found| match found {
        Ok(found) => {
            recognised += 1;
            shown = std::mem::replace(&mut shown, Ok(())).and_then(|()| keep(show.as_mut(), path, &found));
            if args.json {
                results.push(words.json(path, &found.predictions));
            } else {
                ui.result(words.line(path, &found.predictions));
            }
        }
        Err(error) => failures.add(Some(path), &error),
    })?;
    shown.and_then(|()| show.map_or(Ok(()), Show::finish))?;
    if args.json {
        print_json(&json!({ "model": path, "images": results, "errors": failures.json }))?;
    }
    failures.end(recognised)
}

fn keep(show: Option<&mut Show>, path: &Path, found: &Recognised) -> Result<()> {
    show.map_or(Ok(()), |show| show.add(path, found))
}

/// What could not be recognised; the rest goes on.
struct Failures {
    ui: Ui,
    json: Vec<Value>,
}

impl Failures {
    fn add(&mut self, path: Option<&Path>, error: &PredictError) {
        self.ui.error(error);
        self.json.push(json!({ "path": path, "error": error.to_string() }));
    }

    fn end(self, recognised: usize) -> Result<()> {
        match (self.json.len(), recognised) {
            (0, _) => Ok(()),
            (_, 0) => bail!("no prediction"),
            (failed, _) => bail!("{failed} of the pictures gave no prediction; the others are above"),
        }
    }
}
