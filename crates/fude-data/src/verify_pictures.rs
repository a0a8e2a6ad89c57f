//! Whether the pictures in class folders can be read.

use crate::images::{class_folders, decode, is_picture};
use crate::{DataError, files};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// What verification found out about the pictures of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureCheck {
    /// The folder of the class.
    pub folder: PathBuf,
    /// Pictures that can be read.
    pub sound: usize,
    /// Those that cannot: the reader's message, which names the file.
    pub corrupt: Vec<(PathBuf, String)>,
}

/// Decodes every picture of a set of class folders, a folder a class (also under `train/` and `test/`); nothing where
/// `dir` has no sub-folders.
///
/// # Errors
/// A folder that cannot be listed.
pub fn verify_pictures(dir: &Path) -> Result<Vec<PictureCheck>, DataError> {
    class_folders(dir)?.into_iter().map(check).collect()
}

fn check(folder: PathBuf) -> Result<PictureCheck, DataError> {
    let pictures: Vec<PathBuf> = files::entries(&folder)?.into_iter().filter(|path| is_picture(path)).collect();
    // One pixel: what is looked for is whether a picture can be decoded, not what it shows.
    let broken = |path: PathBuf| decode(&path, 1).err().map(|error| (path, error.to_string()));
    let all = pictures.len();
    let corrupt: Vec<(PathBuf, String)> = pictures.into_par_iter().filter_map(broken).collect();
    Ok(PictureCheck { folder, sound: all - corrupt.len(), corrupt })
}
