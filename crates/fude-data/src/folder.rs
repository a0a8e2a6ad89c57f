//! A folder as a data set, whatever form its files have.

use crate::files::find_set;
use crate::lookup::{SET_NAMES, nearest_set};
use crate::options::LoadOptions;
use crate::split::thousands;
use crate::{DataError, Dataset, arrays, cut, images, known};
use std::path::Path;

/// What a folder may hold, for messages.
const EXPECTED: &str = "train-images-idx3-ubyte[.gz] and train-labels-idx1-ubyte[.gz] (and t10k-*), or \
                        kmnist-train-imgs.npz and kmnist-train-labels.npz (and kmnist-test-*; or k49-*), or one \
                        sub-folder per class with PNG, JPEG or BMP images";

/// Loads the set in `dir`: idx files (raw or gz), npz files, or class folders, the first of these that is there.
///
/// Where it has no test files, or a fold is asked for, the test split is cut from train (see [`LoadOptions`], [`cut`] and
/// [`crate::Fold`]), and a note says so.
/// Known sets get their name and class names by checksum; others that of the folder, and numbers.
///
/// # Errors
/// No such folder, nothing in it that is read, or whatever the readers find wrong with a file.
pub fn load_dir(dir: &Path, options: &LoadOptions) -> Result<Dataset, DataError> {
    options.check()?;
    expect_folder(dir)?;
    let mut set = read(dir, options)?;
    set.limit_train(options.limit);
    match options.fold {
        Some(fold) => set.hold_out(fold, options.split_seed)?,
        None if set.test.is_none() => cut_test(&mut set, dir, options)?,
        None => {}
    }
    Ok(set)
}

fn expect_folder(dir: &Path) -> Result<(), DataError> {
    if !dir.exists() {
        return Err(DataError::NotFound {
            what: format!("folder {}", dir.display()),
            looked: vec![std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())],
            remedy: format!(
                "pass --data DIR with the folder of the files, or one of the names {}{}",
                SET_NAMES.join(", "),
                nearest_set(&dir.to_string_lossy())
            ),
        });
    }
    if dir.is_dir() { Ok(()) } else { Err(unrecognised(dir, "a file")) }
}

fn unrecognised(dir: &Path, found: &str) -> DataError {
    DataError::Unrecognised {
        path: dir.to_owned(),
        expected: format!("a folder with {EXPECTED}"),
        found: found.to_owned(),
    }
}

/// The set as its files have it; those that are not known take the folder's name.
fn read(dir: &Path, options: &LoadOptions) -> Result<Dataset, DataError> {
    tracing::info!("reading {}", dir.display());
    let set = match find_set(dir)? {
        Some(files) => Some(arrays::read(&files, options.size)?),
        None => images::read(dir, options)?,
    };
    let mut set = match set {
        Some(set) => set,
        None if images::loose_pictures(dir)? > 0 => return Err(unrecognised(dir, "pictures in no sub-folder")),
        None => return Err(unrecognised(dir, "none of them")),
    };
    if set.name.is_empty() {
        set.name = folder_name(dir);
    }
    Ok(set)
}

/// The last part of the path, also where that is given as `.`; a folder does not lend a published set's name.
fn folder_name(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = whole.file_name().map_or_else(|| "data".to_owned(), |name| name.to_string_lossy().into_owned());
    if known::by_name(&name).is_some() || name == "kana" { arrays::unverified(&name) } else { name }
}

/// Cuts the test split from train, or says that there is none.
fn cut_test(set: &mut Dataset, dir: &Path, options: &LoadOptions) -> Result<(), DataError> {
    let LoadOptions { test_fraction, split_seed, .. } = *options;
    let missing = format!("no test files in {}", dir.display());
    if test_fraction == 0.0 {
        set.notes.push(format!("{missing}, and no test split was cut (data.test_fraction 0)"));
        return Ok(());
    }
    let n = set.train.len();
    let (kept, held_out) = cut(&set.train, test_fraction, split_seed)
        .map_err(|error| error.of("data.test_fraction", &dir.display().to_string()))?;
    set.notes.push(format!(
        "{missing}: {} of {} training images held out as test split (data.test_fraction {test_fraction}, data.split_seed {split_seed})",
        thousands(held_out.len()),
        thousands(n),
    ));
    (set.train, set.test) = (kept, Some(held_out));
    Ok(())
}
