//! `fude data fetch`: a published set into the cache folder.

use super::fetch_progress::{Bars, Lines};
use crate::ui::{Ui, quoted};
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use fude_data::fetch::{self, FetchOptions, FetchReport, Progress, RemoteSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  fude data fetch kmnist
  fude data fetch kmnist --mirror https://example.org/kmnist
  fude data fetch fashion --to data/fashion

A download that was cut off goes on where it stopped. A file takes its final name only when the MD5 of its unpacked \
content is the published one. Without --to the files go into $FUDE_CACHE, or the cache folder of the platform.";

/// Which set, from where, to where.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FetchArgs {
    /// The set to download
    #[arg(value_name = "SET", value_parser = set_parser())]
    set: RemoteSet,
    /// Folder address that has the four files, asked instead of the known addresses
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// Folder for the files, instead of the one in the cache where `fude train` looks
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Seconds without an answer or a byte after which a connection counts as dead [default: 10 to connect, 30 between bytes]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: Option<u64>,
    /// Further tries at an address after a cut connection or a server's passing trouble
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=100))]
    retries: u32,
}

/// Known names, so that help and completions list them.
fn set_parser() -> impl TypedValueParser<Value = RemoteSet> {
    PossibleValuesParser::new(RemoteSet::ALL.map(RemoteSet::name)).try_map(|name| name.parse::<RemoteSet>())
}

pub(super) fn run(args: &FetchArgs, ui: Ui) -> anyhow::Result<()> {
    let options = args.options()?;
    let report = fetch::fetch(args.set, &options, progress(args, ui).as_mut())?;
    tell(args, &options.directory, &report, ui);
    Ok(())
}

impl FetchArgs {
    fn options(&self) -> anyhow::Result<FetchOptions> {
        let mut options = FetchOptions::new(self.directory()?);
        options.mirror.clone_from(&self.mirror);
        options.retries = self.retries;
        if let Some(timeout) = self.timeout.map(Duration::from_secs) {
            (options.timeout_connect, options.timeout_read) = (timeout, timeout);
        }
        Ok(options)
    }

    fn directory(&self) -> anyhow::Result<PathBuf> {
        if let Some(directory) = &self.to {
            return Ok(directory.clone());
        }
        let cache = fude_data::cache_dir()
            .context("no cache folder is known here: set FUDE_CACHE, or name one with --to DIR")?;
        Ok(cache.join(self.set.name()))
    }

    /// What to type next. The experiments name kmnist themselves.
    fn train_command(&self) -> String {
        let data = match (&self.to, self.set) {
            (Some(folder), _) => format!(" --data {}", quoted(folder)),
            (None, RemoteSet::Kmnist) => String::new(),
            (None, set) => format!(" --data {set}"),
        };
        format!("fude train experiments/e1-l2.toml{data}")
    }
}

/// Bars on a terminal, lines in a log, nothing with `-q`.
fn progress(args: &FetchArgs, ui: Ui) -> Box<dyn Progress> {
    // With a mirror there is one address alone, and the error at the end says what happened there.
    let tell_failures = args.mirror.is_none();
    match (ui.quiet, ui.draws_progress()) {
        (true, _) => Box::new(()),
        (false, true) => Box::new(Bars::new(ui, tell_failures)),
        (false, false) => Box::new(Lines::new(ui, tell_failures)),
    }
}

fn tell(args: &FetchArgs, directory: &Path, report: &FetchReport, ui: Ui) {
    let (set, files, new) = (args.set, report.files.len(), report.new_files());
    ui.result(format!("{set}: {files} files in {} ({new} new)", directory.display()));
    ui.note(licence(set));
    ui.note(format!("train on it with `{}`", args.train_command()));
}

/// Under which terms a set comes, and who made it.
fn licence(set: RemoteSet) -> &'static str {
    match set {
        RemoteSet::Kmnist => {
            "CC BY-SA 4.0: \"KMNIST Dataset\" (created by CODH), adapted from \"Kuzushiji Dataset\" (created by NIJL \
             and others), doi:10.20676/00000341"
        }
        RemoteSet::Fashion => "Fashion-MNIST is under the MIT licence, copyright 2017 Zalando SE",
        RemoteSet::Mnist => "MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, from images of NIST",
    }
}
