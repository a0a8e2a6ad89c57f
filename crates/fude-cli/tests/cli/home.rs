//! Running the program where nothing else lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder that is a user's home, cache and current folder in one.
pub(crate) struct Home {
    root: TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Each file with its content, by its path below a folder.
pub(crate) type Snapshot = BTreeMap<PathBuf, Vec<u8>>;

impl Home {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file here.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a new folder");
        std::fs::write(&path, content).expect("a new file");
        path
    }

    /// `fude` with these arguments, separated by blanks. It finds no Vulkan driver, so no GPU on any Linux machine.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        self.within(Command::new(env!("CARGO_BIN_EXE_fude")), arguments.split_whitespace())
    }

    /// Gives a command this home.
    pub(crate) fn within<'a>(&self, mut command: Command, arguments: impl Iterator<Item = &'a str>) -> Command {
        let nowhere = self.path("no-driver.json");
        command.args(arguments).current_dir(self.root.path()).stdin(Stdio::null());
        command.env("HOME", self.root.path()).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("FUDE_CACHE", self.path("cache/fude")).env("NO_COLOR", "1").env_remove("FUDE_LOG");
        // Mesa's GL would leave a cache of its own here.
        command.env("MESA_SHADER_CACHE_DISABLE", "true");
        command.env("VK_DRIVER_FILES", &nowhere).env("VK_ICD_FILENAMES", &nowhere);
        command
    }

    pub(crate) fn fude(&self, arguments: &str) -> Ran {
        Ran::of(&self.command(arguments).output().expect("fude starts"))
    }

    /// The only run of an experiment.
    #[track_caller]
    pub(crate) fn run(&self, experiment: &str) -> PathBuf {
        only(self.runs(experiment))
    }

    /// The only run of `small.toml` that went to `--out OUT`.
    #[track_caller]
    pub(crate) fn small_run(&self, out: &str) -> PathBuf {
        only(sub_folders(&self.path(out).join("small")))
    }

    /// The runs of an experiment.
    pub(crate) fn runs(&self, experiment: &str) -> Vec<PathBuf> {
        // A kill at the very start may leave a folder that is no run yet.
        let begun = |run: &PathBuf| !run.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        sub_folders(&self.path("runs").join(experiment)).into_iter().filter(begun).collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        snapshot(self.root.path())
    }
}

#[track_caller]
fn only(mut runs: Vec<PathBuf>) -> PathBuf {
    assert_eq!(runs.len(), 1, "expected one run: {runs:?}");
    runs.remove(0)
}

fn sub_folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("a readable folder").path()).collect()
}
impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Checks that stderr has each of these, and that nothing panicked.
    #[track_caller]
    pub(crate) fn says(self, fragments: &[&str]) -> Self {
        for fragment in fragments {
            assert!(self.stderr.contains(fragment), "expected '{fragment}' in stderr: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// What `train --json` prints, but for where the run is: that is what `summary.json` has.
    #[track_caller]
    pub(crate) fn summary(&self) -> serde_json::Value {
        let mut json = self.json();
        json.as_object_mut().and_then(|keys| keys.remove("run")).expect("the run's folder");
        json
    }

    /// stdout as one line of JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.stdout.lines().count(), 1, "expected one line on stdout: {}", self.stdout);
        serde_json::from_str(&self.stdout).expect("JSON on stdout")
    }
}

/// Every file below a folder.
pub(crate) fn snapshot(folder: &Path) -> Snapshot {
    let mut files = Snapshot::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a path below").to_owned();
                files.insert(name, std::fs::read(&path).expect("a readable file"));
            }
        }
    }
    files
}

/// `experiments/NAME.toml` of this repository.
pub(crate) fn published(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments").join(name).display().to_string()
}

pub(crate) fn json_file(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("a readable file")).expect("a JSON file")
}

/// `metrics.jsonl`, a value a line.
pub(crate) fn metrics(run: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).expect("metrics");
    text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect()
}
