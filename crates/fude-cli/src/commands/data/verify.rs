//! `fude data verify`: are files sound, and which ones are they?

use crate::ui::{Ui, print_json};
use anyhow::{Context, bail, ensure};
use clap::Args;
use console::style;
use fude_data::fetch::RemoteSet;
use fude_data::{
    DataError, FileCheck, FileStatus, LoadOptions, PictureCheck, Role, load_dir, verify_dir, verify_pictures,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  fude data verify
  fude data verify kmnist
  fude data verify path/to/folder --json

A file is `ok` if it is one of a known set, whatever packed it; `unknown` if it is sound and none of those; `misnamed` if \
it is known and its name says something else; `corrupt` if it cannot be read. A folder of pictures has a line a class, and \
one for each picture that cannot be read. Ends with an error where a file is misnamed or corrupt, or where sound files do \
not make a set together.";

/// Which files.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// kmnist, fashion, mnist or k49 in the cache folder, or any folder with idx or npz files or one sub-folder of pictures per class [default: all in the cache folder]
    #[arg(value_name = "NAME|DIR")]
    source: Option<String>,
    /// One line of JSON on stdout instead of a line a file
    #[arg(long)]
    json: bool,
}

/// What is said about a file, or about the pictures of a class.
#[derive(Debug, Default, Serialize)]
struct Finding {
    path: PathBuf,
    status: &'static str,
    /// The known set, and what of it the file holds.
    set: Option<&'static str>,
    holds: Option<&'static str>,
    /// The MD5 of the content as a raw idx file.
    md5: Option<String>,
    /// The sound pictures in a class folder.
    pictures: Option<usize>,
    /// Why it is not ok.
    why: Option<String>,
}

pub(super) fn run(args: &VerifyArgs, ui: Ui) -> anyhow::Result<()> {
    let json = args.json || ui.json;
    let mut findings = Vec::new();
    let mut problems = Vec::new();
    for folder in folders(args.source.as_deref())? {
        match look_into(&folder) {
            Ok(found) => {
                problems.extend(problem(&folder, &found));
                findings.extend(found);
            }
            Err(error) => problems.push(error.to_string()),
        }
    }
    findings.iter().filter(|_| !json).for_each(|finding| ui.result(finding.line()));
    if json {
        print_json(&findings)?;
    }
    ensure!(problems.is_empty(), "{}", problems.join("; "));
    Ok(())
}

/// What a folder holds, in the order in which it is looked for when it is loaded: files of the MNIST family, pictures.
fn look_into(folder: &Path) -> Result<Vec<Finding>, DataError> {
    match verify_dir(folder) {
        Ok(checks) => Ok(checks.into_iter().map(Finding::from).collect()),
        Err(neither @ DataError::Unrecognised { .. }) => match verify_pictures(folder)? {
            classes if classes.is_empty() => Err(neither),
            classes => Ok(classes.into_iter().flat_map(Finding::of_class).collect()),
        },
        Err(error) => Err(error),
    }
}

/// The folders to look at: one, or whatever the cache has.
fn folders(source: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
    const CACHED: [&str; 4] = ["kmnist", "fashion", "mnist", "k49"];
    match source {
        Some("kana") => bail!("kana is built in and has no files: name a folder, or one of {}", CACHED.join(", ")),
        Some(name) if CACHED.contains(&name) => {
            let folder = cache()?.join(name);
            ensure!(folder.is_dir(), "data set {name} not found; looked in {}; {}", folder.display(), remedy(name));
            Ok(vec![folder])
        }
        Some(folder) => Ok(vec![PathBuf::from(folder)]),
        None => {
            let cache = cache()?;
            let folders: Vec<PathBuf> = CACHED.iter().map(|name| cache.join(name)).filter(|it| it.is_dir()).collect();
            ensure!(!folders.is_empty(), "nothing to verify in {}; {}", cache.display(), remedy("kmnist"));
            Ok(folders)
        }
    }
}

fn cache() -> anyhow::Result<PathBuf> {
    fude_data::cache_dir().context("no cache folder is known here: set FUDE_CACHE, or name a folder")
}

fn remedy(name: &str) -> String {
    match name.parse::<RemoteSet>() {
        Ok(set) => format!("`fude data fetch {set}` downloads it"),
        Err(_) => "put its four npz files there".to_owned(),
    }
}

/// What is wrong with a folder as a whole.
fn problem(folder: &Path, findings: &[Finding]) -> Option<String> {
    let bad = findings.iter().filter(|finding| finding.is_bad()).count();
    if bad > 0 {
        let all: usize = findings.iter().map(|finding| finding.pictures.unwrap_or(1)).sum();
        return Some(format!("{}: {bad} of {all} files are not what they should be", folder.display()));
    }
    let together = load_dir(folder, &LoadOptions { test_fraction: 0.0, ..LoadOptions::default() });
    together.err().map(|error| format!("the files do not make a set together: {error}"))
}

impl From<FileCheck> for Finding {
    fn from(FileCheck { path, role: named, status }: FileCheck) -> Self {
        let finding = |status| Self { path, status, ..Self::default() };
        match status {
            FileStatus::Official { set, role, md5 } => {
                let why = (role != named).then(|| format!("its name says {}", content(named)));
                let status = if role == named { "ok" } else { "misnamed" };
                Self { set: Some(set), holds: Some(content(role)), md5: Some(md5), why, ..finding(status) }
            }
            FileStatus::Unknown { md5 } => Self { md5: Some(md5), ..finding("unknown") },
            FileStatus::Corrupt { why } => Self { why: Some(why), ..finding("corrupt") },
        }
    }
}

impl Finding {
    /// A line for the class, and one for each of its broken pictures.
    fn of_class(check: PictureCheck) -> Vec<Self> {
        let class = Self { path: check.folder, status: "unknown", pictures: Some(check.sound), ..Self::default() };
        let broken = check.corrupt.into_iter().map(|(path, why)| Self {
            path,
            status: "corrupt",
            why: Some(why),
            ..Self::default()
        });
        std::iter::once(class).chain(broken).collect()
    }

    fn is_bad(&self) -> bool {
        ["misnamed", "corrupt"].contains(&self.status)
    }

    fn line(&self) -> String {
        let status = style(format!("{:8}", self.status)).bold();
        let status = match self.status {
            "ok" => status.green(),
            "unknown" => status.yellow(),
            _ => status.red(),
        };
        format!("{status} {}", self.explanation())
    }

    fn explanation(&self) -> String {
        let path = self.path.display();
        if let Some(pictures) = self.pictures {
            return format!("{path}: {pictures} sound pictures, of no known set");
        }
        match (self.set, self.holds, &self.md5, &self.why) {
            (Some(set), Some(holds), _, None) => format!("{path}: {}{set} {holds}", official(set)),
            (Some(set), Some(holds), _, Some(why)) => format!("{path}: {}{set} {holds}, but {why}", official(set)),
            (_, _, Some(md5), _) => format!("{path}: sound, of no known set (md5 {md5})"),
            // The reader's message names the file.
            (_, _, None, why) => why.clone().unwrap_or_default(),
        }
    }
}

/// Sets that are published as such; kmnist-8k is not.
fn official(set: &str) -> &'static str {
    if set.parse::<RemoteSet>().is_ok() { "official " } else { "" }
}

fn content(role: Role) -> &'static str {
    match role {
        Role::TrainImages => "train images",
        Role::TrainLabels => "train labels",
        Role::TestImages => "test images",
        Role::TestLabels => "test labels",
    }
}
