//! Sets of picture files: a sub-folder a class, `DIR/<class>/*.png`, or `DIR/train/<class>/` and `DIR/test/<class>/`.
//!
//! Classes are numbered in the order of their names (by bytes). Images of a split come one of each class in turn, files
//! in the order of their names, so that the first n of them hold every class. Pictures are not inverted: KMNIST has
//! bright ink on a dark ground, and so has whatever should be compared with it.

use crate::options::LoadOptions;
use crate::picture::{Grey, Picture, has_picture_name};
use crate::{DataError, Dataset, Split, files};
use image::imageops::FilterType;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// H and W where `data.size` does not say otherwise: those of the MNIST family.
const DEFAULT_SIZE: usize = 28;

/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// A picture file and its class.
type Labelled = (PathBuf, u8);

/// Reads the set in `dir`, or nothing where it has no sub-folders. Limits and cuts are for the caller.
pub(crate) fn read(dir: &Path, options: &LoadOptions) -> Result<Option<Dataset>, DataError> {
    let (train, test) = (dir.join("train"), dir.join("test"));
    let split_folders = train.is_dir() && !folders(&train)?.is_empty();
    let root = if split_folders { &train } else { dir };
    let classes = class_names(root)?;
    if classes.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader { classes, size: options.size.unwrap_or(DEFAULT_SIZE), skipped: 0 };
    let train = reader.split(root)?;
    let test = if split_folders && test.is_dir() { Some(reader.test(&test)?) } else { None };
    let mut notes = reader.notes(dir);
    notes.extend(note_of_loose(root)?);
    Ok(Some(Dataset { name: String::new(), classes: reader.classes, train, test, notes }))
}

/// Pictures that lie in a folder itself and not in that of a class.
pub(crate) fn loose_pictures(dir: &Path) -> Result<usize, DataError> {
    Ok(files::entries(dir)?.iter().filter(|path| is_picture(path) && !is_hidden(path)).count())
}

fn note_of_loose(dir: &Path) -> Result<Option<String>, DataError> {
    let loose = loose_pictures(dir)?;
    let said = format!("left out: pictures that lie in {} itself, in no class's folder ({loose})", dir.display());
    Ok((loose > 0).then_some(said))
}

/// The folders of the classes of a set: those in `dir`, or in its `train/` and then its `test/`.
pub(crate) fn class_folders(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    let (train, test) = (dir.join("train"), dir.join("test"));
    if !train.is_dir() || folders(&train)?.is_empty() {
        return folders(dir);
    }
    let mut all = folders(&train)?;
    if test.is_dir() {
        all.extend(folders(&test)?);
    }
    Ok(all)
}

/// Sub-folders, hidden ones left out.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(files::entries(dir)?.into_iter().filter(|path| path.is_dir() && !is_hidden(path)).collect())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn class_names(dir: &Path) -> Result<Vec<String>, DataError> {
    let classes = folders(dir)?.iter().map(|folder| class_name(folder)).collect::<Result<Vec<String>, _>>()?;
    let (expected, found) = (format!("at most {MAX_CLASSES} class folders"), classes.len().to_string());
    if classes.len() <= MAX_CLASSES { Ok(classes) } else { Err(unrecognised(dir, expected, found)) }
}

/// A line break would make two names of one in a model file, and two lines of one in tables.
fn class_name(folder: &Path) -> Result<String, DataError> {
    let name = folder.file_name().unwrap_or_default();
    let broken =
        || unrecognised(folder, "a folder name in UTF-8 without control characters".to_owned(), format!("{name:?}"));
    name.to_str().filter(|name| !name.contains(char::is_control)).map(str::to_owned).ok_or_else(broken)
}

fn unrecognised(path: &Path, expected: String, found: String) -> DataError {
    DataError::Unrecognised { path: path.to_owned(), expected, found }
}

/// What the splits of a set share.
struct Reader {
    classes: Vec<String>,
    size: usize,
    /// Files that are no pictures.
    skipped: usize,
}

impl Reader {
    /// The test split: its classes must be among the training ones, and need not be all of them.
    fn test(&mut self, dir: &Path) -> Result<Split, DataError> {
        let unknown = class_names(dir)?.into_iter().find(|class| !self.classes.contains(class));
        match unknown {
            None => self.split(dir),
            Some(class) => {
                let expected = format!("a class that has training images ({})", self.classes.join(", "));
                Err(unrecognised(&dir.join(&class), expected, format!("the class {class}")))
            }
        }
    }

    /// All images below `dir`.
    fn split(&mut self, dir: &Path) -> Result<Split, DataError> {
        let mut pictures = Vec::new();
        for label in 0..self.classes.len() {
            let folder = dir.join(&self.classes[label]);
            if folder.is_dir() {
                let paths = self.pictures(&folder)?;
                pictures.extend(paths.into_iter().enumerate().map(|(rank, path)| (rank, label as u8, path)));
            }
        }
        if pictures.is_empty() {
            return Err(DataError::Empty { path: dir.to_owned() });
        }
        pictures.sort_by_key(|&(rank, label, _)| (rank, label));
        decode_all(pictures.into_iter().map(|(_, label, path)| (path, label)).collect(), self.size)
    }

    /// The pictures of one class, at least one.
    fn pictures(&mut self, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let found = files::entries(folder)?;
        let (pictures, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|path| is_picture(path));
        self.skipped += others.iter().filter(|path| !is_hidden(path)).count();
        if pictures.is_empty() { Err(DataError::Empty { path: folder.to_owned() }) } else { Ok(pictures) }
    }

    fn notes(&self, dir: &Path) -> Vec<String> {
        let said =
            format!("{} entries in {} are no PNG, JPEG or BMP files and were skipped", self.skipped, dir.display());
        (self.skipped > 0).then_some(said).into_iter().collect()
    }
}

pub(crate) fn is_picture(path: &Path) -> bool {
    path.is_file() && has_picture_name(path)
}

/// Decodes on all cores; the first broken file by order is the one reported.
fn decode_all(pictures: Vec<Labelled>, size: usize) -> Result<Split, DataError> {
    let decoded: Vec<Result<Vec<u8>, DataError>> = pictures.par_iter().map(|(path, _)| decode(path, size)).collect();
    let mut pixels = Vec::with_capacity(decoded.len() * size * size);
    for image in decoded {
        pixels.extend(image?);
    }
    let labels = pictures.into_iter().map(|(_, label)| label).collect();
    Ok(Split { pixels, labels, height: size, width: size })
}

/// One picture, grey, `[size, size]`; black where it is transparent.
pub(crate) fn decode(path: &Path, size: usize) -> Result<Vec<u8>, DataError> {
    Ok(resized(Picture::read(path)?.over(0), size as u32))
}

/// Stretched to the size with a triangle filter, which averages when it shrinks and does not overshoot.
fn resized(grey: Grey, size: u32) -> Vec<u8> {
    let (width, height) = (grey.width as u32, grey.height as u32);
    match image::GrayImage::from_raw(width, height, grey.pixels) {
        Some(image) if (width, height) != (size, size) => {
            image::imageops::resize(&image, size, size, FilterType::Triangle).into_raw()
        }
        Some(image) => image.into_raw(),
        // Not reached: a picture has as many pixels as it says.
        None => vec![0; (size * size) as usize],
    }
}
