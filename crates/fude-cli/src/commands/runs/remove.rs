//! `fude runs --remove`: a path removes that run; a name stands for its newest run, which is asked about first.

use super::RunsArgs;
use crate::exit::Stopped;
use crate::run_lookup::{find_run, run_at};
use crate::table::bytes;
use crate::ui::{Ui, print_err, print_json, print_prompt};
use anyhow::{Context, Result, bail};
use fude_record::RunFolder;
use serde_json::json;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// A run that is to go.
struct Removal {
    run: RunFolder,
    /// Its path without links, by which it is known that it was named twice.
    real: PathBuf,
    /// The name that stands for it, where no path was given.
    name: Option<String>,
}

pub(super) fn remove(args: &RunsArgs, ui: Ui) -> Result<()> {
    // All are found before any is removed: a typing error removes nothing.
    let mut removals = args.remove.iter().map(|text| Removal::find(text, args)).collect::<Result<Vec<_>>>()?;
    removals.sort_by(|a, b| (&a.real, a.name.is_some()).cmp(&(&b.real, b.name.is_some())));
    removals.dedup_by(|later, first| later.real == first.real);
    let named: Vec<&Removal> = removals.iter().filter(|removal| removal.name.is_some()).collect();
    if !args.yes && !named.is_empty() {
        confirm(&named)?;
    }
    for removal in &removals {
        let (path, what) = (removal.run.path(), removal.contents());
        let _lock = removal.run.lock()?;
        std::fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
        ui.note(format!("removed {} ({what})", path.display()));
    }
    if args.json {
        let paths: Vec<&Path> = removals.iter().map(|removal| removal.run.path()).collect();
        print_json(&json!({ "removed": paths }))?;
    }
    Ok(())
}

/// Asks about the runs that only a name stands for.
fn confirm(named: &[&Removal]) -> Result<()> {
    let what: Vec<String> = named.iter().map(|removal| removal.explain()).collect();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let why = format!("{}; give its path to remove it, or --yes", what.join("; "));
        return Err(Stopped::Usage(why).into());
    }
    what.iter().for_each(|line| print_err(line));
    print_prompt("remove? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was removed"),
    }
}

impl Removal {
    /// A run under `--out`: an `experiment.toml` alone does not make a folder elsewhere one that may be deleted.
    fn find(text: &str, args: &RunsArgs) -> Result<Self> {
        let direct = run_at(text, &args.out);
        let name = direct.is_none().then(|| text.to_owned());
        let run = direct.map_or_else(|| find_run(text, &args.out), Ok)?;
        let canonical = |path: &Path| path.canonicalize().with_context(|| format!("cannot find {}", path.display()));
        let (real, root) = (canonical(run.path())?, canonical(&args.out)?);
        if real.parent().and_then(Path::parent) == Some(root.as_path()) {
            return Ok(Self { run, real, name });
        }
        let why =
            format!("{} is no run under {}: give --out with the folder that holds it", real.display(), root.display());
        Err(Stopped::Usage(why).into())
    }

    fn explain(&self) -> String {
        let (path, what) = (self.run.path().display(), self.contents());
        format!("'{}' stands for its newest run {path} ({what})", self.name.as_deref().unwrap_or_default())
    }

    /// `finished, 9 files, 1.2 MiB`.
    fn contents(&self) -> String {
        let state = if self.run.is_finished() { "finished" } else { "unfinished" };
        let (files, size) = size_of(self.run.path());
        format!("{state}, {files} files, {}", bytes(size))
    }
}

/// Files below a folder, and their bytes; what cannot be looked at counts nothing.
fn size_of(folder: &Path) -> (usize, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
    entries.flatten().fold((0, 0), |(files, size), entry| match entry.metadata() {
        Ok(found) if found.is_dir() => {
            let (more, below) = size_of(&entry.path());
            (files + more, size + below)
        }
        Ok(found) => (files + 1, size + found.len()),
        Err(_) => (files, size),
    })
}
