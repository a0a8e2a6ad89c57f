//! What the documents name must exist: commands, flags, recipes, files.

use crate::home::Home;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every document that is there.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "experiments/README.md", "shaders/README.md"]
            .map(PathBuf::from)
            .into();
    if let Ok(entries) = std::fs::read_dir(root().join("docs")) {
        let names = entries.flatten().map(|entry| Path::new("docs").join(entry.file_name()));
        paths.extend(names.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    let read = |path: PathBuf| match std::fs::read_to_string(root().join(&path)) {
        Ok(text) => Some((path, text)),
        Err(_) => {
            println!("skipped: there is no {}", path.display());
            None
        }
    };
    paths.into_iter().filter_map(read).collect()
}

/// Lines of shell blocks and spans of code, without comments.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<bool> = None;
    let mut prose = String::new();
    for line in text.lines() {
        match (line.trim().strip_prefix("```"), block) {
            (Some(_), Some(_)) => block = None,
            (Some(language), None) => block = Some(["sh", "bash", "console", "text", ""].contains(&language.trim())),
            (None, Some(true)) => found.push(line.split(" #").next().unwrap_or_default().trim().to_owned()),
            (None, Some(false)) => {}
            (None, None) => prose += &format!("{line}\n"),
        }
    }
    found.extend(prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")));
    found
}

/// The arguments of a command that runs `fude`, in one way or another.
fn fude_arguments(command: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let first = match words.as_slice() {
        ["fude" | "target/release/fude", ..] => 1,
        ["cargo", "run", ..] if !words.contains(&"--example") => words.iter().position(|&word| word == "--")? + 1,
        _ => return None,
    };
    Some(words[first..].to_vec())
}

/// The help of the command that these arguments call, and how many of them are its name.
fn help(arguments: &[&str]) -> Result<String, String> {
    let named: Vec<&str> =
        arguments.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).copied().collect();
    let depth = if named.first() == Some(&"data") { 2 } else { 1 };
    let name = named.iter().take(depth).copied().collect::<Vec<_>>().join(" ");
    let ran = Home::new().fude(&format!("{name} --help"));
    if ran.code == Some(0) { Ok(ran.stdout) } else { Err(format!("there is no command `fude {name}`")) }
}

fn missing_flag<'a>(arguments: &[&'a str], help: &str) -> Option<&'a str> {
    let known = |flag: &str| {
        let mut words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        words.any(|word| word == flag)
    };
    let flags = arguments.iter().filter(|word| word.starts_with('-') && word.len() > 1);
    flags.map(|word| word.split('=').next().unwrap_or(word)).find(|flag| !known(flag))
}

#[test]
fn every_fude_command_in_the_documents_exists_with_its_flags() {
    let mut checked = 0;
    for (path, text) in documents() {
        for command in commands(&text) {
            let Some(arguments) = fude_arguments(&command) else { continue };
            // In builds with the GPU alone.
            if cfg!(not(feature = "gpu")) && arguments.first() == Some(&"doctor") {
                continue;
            }
            let path = path.display();
            let help = help(&arguments).unwrap_or_else(|error| panic!("{path}: `{command}`: {error}"));
            assert_eq!(missing_flag(&arguments, &help), None, "{path}: `{command}` has a flag that is not in its help");
            let files = arguments.iter().filter(|word| word.starts_with("experiments/") && word.ends_with(".toml"));
            for file in files {
                assert!(root().join(file).is_file(), "{path}: `{command}`: there is no {file}");
            }
            checked += 1;
        }
    }
    println!("{checked} commands checked");
}

/// The recipes of the justfile, each with the line above it.
fn recipes(justfile: &str) -> Vec<(String, String)> {
    let mut before = "";
    let mut found = Vec::new();
    for line in justfile.lines() {
        let name: String = line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect();
        let is_recipe = !name.is_empty() && line.contains(':') && !line.contains(":=");
        if is_recipe && !before.starts_with("[private]") {
            found.push((name, before.to_owned()));
        }
        if !line.starts_with('[') || line.starts_with("[private]") {
            before = line;
        }
    }
    found
}

#[test]
fn every_recipe_is_explained_and_those_of_the_documents_exist() {
    let Ok(justfile) = std::fs::read_to_string(root().join("justfile")) else {
        println!("skipped: there is no justfile");
        return;
    };
    let recipes = recipes(&justfile);
    for (name, before) in &recipes {
        assert!(before.starts_with("# "), "justfile: {name} has no comment above it");
    }
    for (path, text) in documents() {
        for command in commands(&text) {
            let mut words = command.split_whitespace();
            let (Some("just"), Some(name)) = (words.next(), words.next()) else { continue };
            let exists = name.starts_with('-') || recipes.iter().any(|(recipe, _)| recipe == name);
            assert!(exists, "{}: `{command}`: there is no such recipe", path.display());
        }
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (path, text) in documents() {
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', ' ', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = root().join(path.parent().unwrap_or(Path::new("")));
            assert!(folder.join(target).exists(), "{}: the link to {target} leads nowhere", path.display());
        }
    }
}

/// Tables between markers: the document, the marker, and what makes the table.
const TABLES: [(&str, &str, &str); 3] = [
    (
        "README.md",
        "results",
        "fashion.jsonl wide-fashion.jsonl kmnist-8k-splits.jsonl kmnist-8k-folds.jsonl one-minute.jsonl baselines.jsonl",
    ),
    ("README.md", "compress", "compress.jsonl --brief"),
    ("docs/compress.md", "compress", "compress.jsonl"),
];

#[test]
fn tables_of_results_are_those_that_the_recorded_lines_make() {
    for (document, marker, how) in TABLES {
        let text = std::fs::read_to_string(root().join(document)).expect("a document");
        let folder = root().join("experiments/results");
        let words = how.split(' ').map(|word| match word.strip_prefix("--") {
            Some(_) => word.to_owned(),
            None => folder.join(word).display().to_string(),
        });
        let command = format!("results {}", words.collect::<Vec<_>>().join(" "));
        let made = Home::new().fude(&command).ends_with(0).stdout;
        let (begin, end) = (format!("<!-- {marker}:begin -->\n"), format!("<!-- {marker}:end -->"));
        let shown = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end)).expect("markers").0;
        assert!(shown == made, "{document} does not show what `fude {command}` prints: `just results` puts it there");
    }
}
