//! Whether a folder's files are the published ones, and sound.

use crate::checksum::{images_md5, labels_md5};
use crate::files::{NamedFile, Role, named_files};
use crate::{DataError, known};
use std::path::{Path, PathBuf};

/// What verification found out about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// What its name says it holds.
    pub role: Role,
    /// What it is.
    pub status: FileStatus,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileStatus {
    /// A published file, by the md5 of its raw content.
    Official {
        /// The set, such as `kmnist`.
        set: &'static str,
        /// What the published file holds; another role than the file's name says means a file under a wrong name.
        role: Role,
        /// The md5.
        md5: String,
    },
    /// Sound, and none of the published files.
    Unknown {
        /// The md5 of its raw content.
        md5: String,
    },
    /// It cannot be read.
    Corrupt {
        /// The reader's message, which names the file.
        why: String,
    },
}

/// Reads every file in `dir` that has a name of the MNIST family, idx (raw or gz) or npz, in the order of the names.
///
/// The md5 of an npz file is that of the idx file with the same array.
///
/// # Errors
/// A folder that cannot be listed, or one without any such file.
pub fn verify_dir(dir: &Path) -> Result<Vec<FileCheck>, DataError> {
    let files = named_files(dir)?;
    if files.is_empty() {
        return Err(DataError::Unrecognised {
            path: dir.to_owned(),
            expected: "files such as train-images-idx3-ubyte.gz or kmnist-train-imgs.npz, or one sub-folder of \
                       pictures per class"
                .to_owned(),
            found: "none of them".to_owned(),
        });
    }
    Ok(files.into_iter().map(check).collect())
}

fn check(file: NamedFile) -> FileCheck {
    let status = match content_md5(&file) {
        Err(error) => FileStatus::Corrupt { why: error.to_string() },
        Ok(md5) => match known::by_md5(&md5) {
            Some((set, role)) => FileStatus::Official { set: set.name, role, md5 },
            None => FileStatus::Unknown { md5 },
        },
    };
    FileCheck { path: file.path, role: file.role, status }
}

fn content_md5(NamedFile { path, family, role }: &NamedFile) -> Result<String, DataError> {
    match role {
        Role::TrainImages | Role::TestImages => Ok(images_md5(&family.read_images(path)?)),
        Role::TrainLabels | Role::TestLabels => Ok(labels_md5(&family.read_labels(path)?)),
    }
}
