//! Which experiment file is meant by a path where there is none.

use crate::nearest;
use std::path::{Path, PathBuf};

/// Where experiments usually are.
const USUAL: &str = "experiments";

/// What to give in place of a path that cannot be read as an experiment file; nothing where it is a file.
pub(crate) fn hint(path: &Path) -> String {
    if path.is_dir() {
        return format!("; expected an experiment file, found a folder{}", examples_in(path));
    }
    if path.exists() {
        return String::new();
    }
    match meant(path) {
        Some(file) => format!("; did you mean {}?", file.display()),
        None if path.extension().is_none() => "; expected an experiment file, NAME.toml".to_owned(),
        None => String::new(),
    }
}

/// The file of that name, with its ending or in the usual folder; else the one there whose name is most alike.
fn meant(path: &Path) -> Option<PathBuf> {
    let named = if path.extension().is_some_and(|end| end == "toml") { path.to_owned() } else { with_ending(path) };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folders = [parent.unwrap_or(Path::new("")).to_owned(), PathBuf::from(USUAL)];
    let name = named.file_name()?.to_owned();
    if let Some(found) = folders.iter().map(|folder| folder.join(&name)).find(|file| file.is_file()) {
        return Some(found);
    }
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| experiments_in(folder)).collect();
    let stems = || files.iter().filter_map(|file| file.file_stem()?.to_str());
    let stem = nearest(Path::new(&name).file_stem()?.to_str()?, stems())?.to_owned();
    files.into_iter().find(|file| file.file_stem().is_some_and(|found| *found == *stem))
}

/// `e1-l2` as `e1-l2.toml`, also where the name has a dot.
fn with_ending(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".toml");
    PathBuf::from(name)
}

/// TOML files in a folder, `""` being the current one, in the order of their names.
fn experiments_in(folder: &Path) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(listed) else { return Vec::new() };
    let names = entries.flatten().map(|entry| folder.join(entry.file_name()));
    let mut files: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

fn examples_in(folder: &Path) -> String {
    let first = experiments_in(folder).into_iter().next();
    first.map_or_else(String::new, |file| format!(", which has {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_ending_and_a_slip_of_the_fingers_find_their_file() {
        let root = tempfile::tempdir().unwrap();
        for name in ["e1-l2.toml", "e3-deep-l2.toml", "notes.txt"] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        let hint = |name: &str| hint(&root.path().join(name));
        let meant = |name: &str| format!("; did you mean {}?", root.path().join(name).display());
        assert_eq!(hint("e1-l2"), meant("e1-l2.toml"));
        assert_eq!(hint("e3-dep-l2.toml"), meant("e3-deep-l2.toml"));
        assert_eq!(hint("xyz"), "; expected an experiment file, NAME.toml");
        assert_eq!((hint("xyz.toml").as_str(), hint("notes.txt").as_str()), ("", ""));
        assert!(hint("").contains("found a folder, which has "), "{}", hint(""));
    }
}
