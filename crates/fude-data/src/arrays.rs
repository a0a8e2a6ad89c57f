//! Sets of arrays in files: pairs of images and labels, checked against each other and against the published ones.

use crate::checksum::{images_md5, labels_md5};
use crate::files::{Family, Pair, Role, SetFiles};
use crate::idx::Images;
use crate::known::{self, KnownSet};
use crate::options::bad;
use crate::{DataError, Dataset, Split};
use std::path::Path;

/// One pair of files, checked, with what tells whether it is a known one.
struct Read {
    split: Split,
    /// Those of the two files.
    sums: [Sum; 2],
}

/// Role, file name and md5 of the raw content.
type Sum = (Role, String, String);

/// Reads the set of these files. Its name stays empty where it is not a known one.
pub(crate) fn read(files: &SetFiles, size: Option<usize>) -> Result<Dataset, DataError> {
    let family = files.family;
    let train = read_pair(&files.train, family, [Role::TrainImages, Role::TrainLabels])?;
    let test =
        files.test.as_ref().map(|pair| read_pair(pair, family, [Role::TestImages, Role::TestLabels])).transpose()?;
    check_sizes(&train.split, test.as_ref().map(|test| &test.split), files, size)?;
    let known = recognise(&train, family);
    let classes = class_names(known, &train.split);
    check_labels(&train.split, &files.train, classes.len())?;
    if let (Some(test), Some(pair)) = (&test, &files.test) {
        check_labels(&test.split, pair, classes.len())?;
    }
    let (name, notes) = known.map_or_else(Default::default, |set| describe(set, &train, test.as_ref()));
    Ok(Dataset { name, classes, train: train.split, test: test.map(|test| test.split), notes })
}

fn read_pair(pair: &Pair, family: Family, roles: [Role; 2]) -> Result<Read, DataError> {
    let images = family.read_images(&pair.images)?;
    let labels = family.read_labels(&pair.labels)?;
    let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sums =
        [(roles[0], file(&pair.images), images_md5(&images)), (roles[1], file(&pair.labels), labels_md5(&labels))];
    Ok(Read { split: join(images, labels, pair)?, sums })
}

fn join(images: Images, labels: Vec<u8>, pair: &Pair) -> Result<Split, DataError> {
    if images.n != labels.len() {
        let (n_images, n_labels) = (images.n, labels.len());
        return Err(DataError::CountMismatch {
            images: pair.images.clone(),
            n_images,
            labels: pair.labels.clone(),
            n_labels,
        });
    }
    if images.n == 0 {
        return Err(DataError::Empty { path: pair.images.clone() });
    }
    Ok(Split { pixels: images.pixels, labels, height: images.height, width: images.width })
}

/// Train and test must agree, and nothing that is no picture is resized: a `data.size` that asks for it is a mistake.
fn check_sizes(train: &Split, test: Option<&Split>, files: &SetFiles, size: Option<usize>) -> Result<(), DataError> {
    let sides = |split: &Split| (split.height, split.width);
    if let (Some(test), Some(pair)) = (test, &files.test)
        && sides(test) != sides(train)
    {
        return Err(DataError::SizeMismatch { path: pair.images.clone(), train: sides(train), test: sides(test) });
    }
    match size {
        Some(size) if sides(train) != (size, size) => {
            let expected = format!(
                "{}x{}, as in {} (only pictures are resized)",
                train.height,
                train.width,
                files.train.images.display()
            );
            Err(bad("data.size", &expected, &size))
        }
        _ => Ok(()),
    }
}

/// By the training images' checksum; K49, whose checksums are not known here, by its file names.
fn recognise(train: &Read, family: Family) -> Option<&'static KnownSet> {
    let by_sum = known::by_md5(&train.sums[0].2).filter(|(_, role)| *role == Role::TrainImages).map(|(set, _)| set);
    by_sum.or_else(|| known::by_name("k49").filter(|_| family == Family::NpzK49))
}

/// The known names, or as many numbers as the largest training label asks for.
fn class_names(known: Option<&KnownSet>, train: &Split) -> Vec<String> {
    match known {
        Some(set) => set.classes.iter().map(|&class| class.to_owned()).collect(),
        None => (0..=train.labels.iter().copied().max().unwrap_or(0)).map(|label| label.to_string()).collect(),
    }
}

fn check_labels(split: &Split, pair: &Pair, classes: usize) -> Result<(), DataError> {
    match split.labels.iter().position(|&label| usize::from(label) >= classes) {
        None => Ok(()),
        Some(index) => {
            let label = i128::from(split.labels[index]);
            Err(DataError::LabelOutOfRange { path: pair.labels.clone(), index, label, classes })
        }
    }
}

/// The name and notes of a known set: its name is its own only where every file is the published one.
fn describe(set: &KnownSet, train: &Read, test: Option<&Read>) -> (String, Vec<String>) {
    let strangers = strangers(set, train.sums.iter().chain(test.iter().flat_map(|test| &test.sums)));
    let name = if strangers.is_empty() { set.name.to_owned() } else { unverified(set.name) };
    (name, known_notes(set, strangers, test.is_some()))
}

/// What a set is called that looks like a published one and is not.
pub(crate) fn unverified(name: &str) -> String {
    format!("{name}-unverified")
}

/// What the set is known for, and what keeps its figures from being comparable with published ones.
fn known_notes(set: &KnownSet, strangers: Vec<String>, has_test: bool) -> Vec<String> {
    let cut = format!("{} without its official test files: figures are not comparable with published ones", set.name);
    let cut = (!has_test && set.md5(Role::TestImages).is_some()).then_some(cut);
    set.note.map(str::to_owned).into_iter().chain(strangers).chain(cut).collect()
}

/// The files that are not the published ones of `set`, a sentence each; none where no checksum is known (K49).
fn strangers<'a>(set: &KnownSet, files: impl Iterator<Item = &'a Sum>) -> Vec<String> {
    let differs = |(role, file, found): &Sum| {
        let expected = set.md5(*role).unwrap_or("of no such file");
        let said =
            format!("{file} is not the published file of {}: expected raw md5 {expected}, found {found}", set.name);
        (expected != found).then_some(said)
    };
    files.filter(|_| !set.files.is_empty()).filter_map(differs).collect()
}
