//! Which files a set of the MNIST family consists of, and where a folder has them.

use crate::DataError;
use crate::idx::{self, Images};
use crate::npz;
use std::path::{Path, PathBuf};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Training images.
    TrainImages,
    /// Their labels.
    TrainLabels,
    /// Test images.
    TestImages,
    /// Their labels.
    TestLabels,
}

impl Role {
    /// All four.
    pub const ALL: [Self; 4] = [Self::TrainImages, Self::TrainLabels, Self::TestImages, Self::TestLabels];

    /// The name of the official idx file, without `.gz`.
    pub fn idx_name(self) -> &'static str {
        match self {
            Self::TrainImages => "train-images-idx3-ubyte",
            Self::TrainLabels => "train-labels-idx1-ubyte",
            Self::TestImages => "t10k-images-idx3-ubyte",
            Self::TestLabels => "t10k-labels-idx1-ubyte",
        }
    }

    /// What follows the set's name in the name of an npz file.
    fn npz_name(self) -> &'static str {
        match self {
            Self::TrainImages => "-train-imgs.npz",
            Self::TrainLabels => "-train-labels.npz",
            Self::TestImages => "-test-imgs.npz",
            Self::TestLabels => "-test-labels.npz",
        }
    }
}

/// Files that belong together by their names. Where a folder has several families, the first in this order is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Idx,
    NpzKmnist,
    NpzK49,
}

impl Family {
    const ALL: [Self; 3] = [Self::Idx, Self::NpzKmnist, Self::NpzK49];

    /// The names under which a file of this family and `role` is looked for.
    fn names(self, role: Role) -> Vec<String> {
        let official = role.idx_name();
        match self {
            Self::Idx => [official.to_owned(), official.replacen("-idx", ".idx", 1)]
                .into_iter()
                .flat_map(|name| [format!("{name}.gz"), name])
                .collect(),
            Self::NpzKmnist => vec![format!("kmnist{}", role.npz_name())],
            Self::NpzK49 => vec![format!("k49{}", role.npz_name())],
        }
    }

    /// Which family and role a file name has.
    fn of(name: &str) -> Option<(Self, Role)> {
        let pairs = Self::ALL.into_iter().flat_map(|family| Role::ALL.map(|role| (family, role)));
        pairs.into_iter().find(|(family, role)| family.names(*role).iter().any(|candidate| candidate == name))
    }

    pub(crate) fn read_images(self, path: &Path) -> Result<Images, DataError> {
        if self == Self::Idx { idx::read_images(path) } else { npz::read_images(path) }
    }

    pub(crate) fn read_labels(self, path: &Path) -> Result<Vec<u8>, DataError> {
        if self == Self::Idx { idx::read_labels(path) } else { npz::read_labels(path) }
    }
}

/// A file whose name says what it holds.
#[derive(Clone, Debug)]
pub(crate) struct NamedFile {
    pub(crate) path: PathBuf,
    pub(crate) family: Family,
    pub(crate) role: Role,
}

/// Images and their labels.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) images: PathBuf,
    pub(crate) labels: PathBuf,
}

/// The files of one set.
#[derive(Debug)]
pub(crate) struct SetFiles {
    pub(crate) family: Family,
    pub(crate) train: Pair,
    pub(crate) test: Option<Pair>,
}

/// A folder's entries, sorted by name.
pub(crate) fn entries(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let listing = std::fs::read_dir(dir).map_err(DataError::io(dir))?;
    let paths: Result<Vec<PathBuf>, _> = listing.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(DataError::io(dir))?;
    paths.sort();
    Ok(paths)
}

/// The files of a folder that belong to a set of the MNIST family.
pub(crate) fn named_files(dir: &Path) -> Result<Vec<NamedFile>, DataError> {
    let recognise = |path: PathBuf| {
        let (family, role) = Family::of(path.file_name()?.to_str()?)?;
        path.is_file().then_some(NamedFile { path, family, role })
    };
    Ok(entries(dir)?.into_iter().filter_map(recognise).collect())
}

/// The set in `dir`, if it has one: a pair of training files, and a pair of test files or neither of them.
pub(crate) fn find_set(dir: &Path) -> Result<Option<SetFiles>, DataError> {
    let files = named_files(dir)?;
    let Some(family) = Family::ALL.into_iter().find(|family| files.iter().any(|file| file.family == *family)) else {
        return Ok(None);
    };
    let test = find_pair(&files, family, Role::TestImages, Role::TestLabels)?;
    match (find_pair(&files, family, Role::TrainImages, Role::TrainLabels)?, test) {
        (Some(train), test) => Ok(Some(SetFiles { family, train, test })),
        (None, Some(test)) => Err(incomplete(&test.images, family, Role::TrainImages)),
        (None, None) => Ok(None),
    }
}

/// Both files, neither, or an error that names the missing one. A raw file comes before a gz of the same name.
fn find_pair(files: &[NamedFile], family: Family, images: Role, labels: Role) -> Result<Option<Pair>, DataError> {
    let find =
        |role| files.iter().find(|file| file.family == family && file.role == role).map(|file| file.path.clone());
    match (find(images), find(labels)) {
        (Some(images), Some(labels)) => Ok(Some(Pair { images, labels })),
        (Some(present), None) => Err(incomplete(&present, family, labels)),
        (None, Some(present)) => Err(incomplete(&present, family, images)),
        (None, None) => Ok(None),
    }
}

fn incomplete(present: &Path, family: Family, missing: Role) -> DataError {
    DataError::Incomplete { path: present.to_owned(), missing: family.names(missing).join(" or ") }
}
