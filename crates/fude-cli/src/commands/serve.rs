//! `fude serve`.

use crate::class_labels::class_labels;
use crate::model::{OpenModel, open_model};
use crate::run_lookup::RUNS;
use crate::ui::{Ui, print_out};
use anyhow::Result;
use fude_predict::Classifier;
use fude_serve::{ServedClass, Server};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  fude serve e3-deep-l2                  then open the address that it prints
  fude serve e1-l2 --port 0              any free port

It listens on this machine alone (127.0.0.1) and answers no other page. Ctrl-C ends it.";

/// Serves a page on which one draws a character and sees, while drawing, what a model makes of it.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The run folder, an experiment's name for its newest finished run, or a safetensors file.
    #[arg(value_name = "RUN|FILE")]
    model: String,
    /// The port; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 7878)]
    port: u16,
    /// Where the runs are.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    out: PathBuf,
}

pub(crate) fn run(args: &ServeArgs, ui: Ui) -> Result<()> {
    let OpenModel { path, classifier } = open_model(&args.model, &args.out, ui)?;
    let server = Server::bind(args.port)?;
    print_out(&format!("http://{}/", server.address()));
    ui.note("draw there; Ctrl-C ends it");
    let classes = served_classes(&classifier);
    Ok(server.run(classifier, &path.display().to_string(), &classes)?)
}

/// The classes with the strokes of those that have a drawing.
fn served_classes(classifier: &Classifier) -> Vec<ServedClass> {
    let names: Vec<String> = classifier.classes().iter().map(|class| class.name.clone()).collect();
    let strokes = class_labels(&names).into_iter().map(|label| label.glyph.map(|glyph| glyph.strokes().to_vec()));
    let served = classifier.classes().iter().zip(strokes).map(|(class, strokes)| ServedClass {
        name: class.rest().to_owned(),
        character: class.character.clone(),
        strokes: strokes.unwrap_or_default(),
    });
    served.collect()
}
