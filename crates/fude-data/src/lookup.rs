//! From what a user names to a data set: the built-in set, a set in the cache folder, or a folder.

use crate::options::{LoadOptions, bad};
use crate::{DataError, Dataset, Split, kana, load_dir};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The environment variable that names another cache folder.
const CACHE_VARIABLE: &str = "FUDE_CACHE";

/// Sets that are looked for in the cache folder. A folder of the same name is reached as `./kmnist`.
const CACHED_SETS: [&str; 4] = ["kmnist", "fashion", "mnist", "k49"];

/// What can be named in place of a folder.
pub const SET_NAMES: [&str; 5] = ["kana", "kmnist", "fashion", "mnist", "k49"];

/// The seed of the built-in set as every run has it.
const KANA_SEED: u32 = 0;

/// Where downloads are kept: `$FUDE_CACHE`, or the platform's cache folder for fude; none where neither is known.
pub fn cache_dir() -> Option<PathBuf> {
    let named = std::env::var_os(CACHE_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| directories::ProjectDirs::from("", "", "fude").map(|dirs| dirs.cache_dir().to_owned()))
}

/// Loads the built-in set (`kana`), a set by its name (`kmnist`, `fashion`, `mnist`, `k49`), or else a folder.
///
/// # Errors
/// [`DataError::NotFound`] where the set or folder is nowhere; otherwise those of [`load_dir`].
pub fn open(name_or_dir: &str, options: &LoadOptions) -> Result<Dataset, DataError> {
    open_with_cache(name_or_dir, options, cache_dir().as_deref())
}

/// [`open`] with another cache folder.
///
/// # Errors
/// As [`open`].
pub fn open_with_cache(name_or_dir: &str, options: &LoadOptions, cache: Option<&Path>) -> Result<Dataset, DataError> {
    let started = Instant::now();
    let set = match name_or_dir {
        "kana" => built_in(options),
        name if CACHED_SETS.contains(&name) => cached(name, options, cache),
        dir => load_dir(Path::new(dir), options),
    }?;
    tracing::info!(
        "{}: {} training and {} test images, {} classes, ready after {:.2} s",
        set.name,
        set.train.len(),
        set.test.as_ref().map_or(0, Split::len),
        set.classes.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(set)
}

/// `limit` and `fold` hold here as for folders; else the test split is the set's own.
fn built_in(options: &LoadOptions) -> Result<Dataset, DataError> {
    options.check()?;
    if let Some(size) = options.size.filter(|&size| size != kana::SIDE) {
        return Err(bad("data.size", &format!("{} (kana is not resized)", kana::SIDE), &size));
    }
    let mut set = kana::generate(KANA_SEED, kana::TRAIN, kana::TEST);
    set.limit_train(options.limit);
    if let Some(fold) = options.fold {
        set.hold_out(fold, options.split_seed)?;
    }
    Ok(set)
}

fn cached(name: &str, options: &LoadOptions, cache: Option<&Path>) -> Result<Dataset, DataError> {
    let folder = cache.map(|cache| cache.join(name));
    let Some(folder) = folder.as_deref().filter(|folder| holds_something(folder)) else {
        return Err(not_found(name, folder));
    };
    let mut set = load_dir(folder, options)?;
    if set.name != name {
        let found = format!("{} does not hold the published {name}: found {}", folder.display(), set.name);
        set.notes.push(found);
    }
    Ok(set)
}

/// A download that never got anywhere leaves a folder with its lock and partial files: still nothing to load.
fn holds_something(folder: &Path) -> bool {
    let finished = |name: &str| !name.starts_with('.') && !name.ends_with(".part");
    std::fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| finished(&entry.file_name().to_string_lossy())))
}

fn not_found(name: &str, folder: Option<PathBuf>) -> DataError {
    let fetch = match name {
        "k49" => "put the four k49-*.npz files there".to_owned(),
        _ => format!("`fude data fetch {name}` downloads it"),
    };
    let remedy = format!("{fetch}, or pass --data DIR with a folder of its files");
    DataError::NotFound { what: format!("data set {name}"), looked: folder.into_iter().collect(), remedy }
}

/// A hint at the set whose name is most like what is no folder, `; did you mean kmnist?`; nothing where none is.
pub(crate) fn nearest_set(name: &str) -> String {
    let similar = SET_NAMES.map(|set| (strsim::jaro_winkler(name, set), set));
    let nearest = similar.into_iter().filter(|(similarity, _)| *similarity > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map_or_else(String::new, |(_, set)| format!("; did you mean {set}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_told_with_the_set_that_is_meant() {
        let cases = [("kminst", "did you mean kmnist?"), ("fashon", "did you mean fashion?"), ("pictures", "k49")];
        for (name, end) in cases {
            let error = open_with_cache(name, &LoadOptions::default(), None).unwrap_err().to_string();
            assert!(error.ends_with(end), "{error}");
        }
    }

    #[test]
    fn what_a_failed_download_leaves_counts_as_no_data() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("kmnist");
        std::fs::create_dir(&folder).unwrap();
        for name in [".fetch.lock", "train-images-idx3-ubyte.gz.part"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let error = open_with_cache("kmnist", &LoadOptions::default(), Some(cache.path())).unwrap_err();
        assert!(matches!(error, DataError::NotFound { .. }), "{error}");
    }
}
