//! Whether a model that a run learns or starts from has seen images that the run holds out.
//!
//! A model trained on another fold, or with another hold-out, knows the run's test images by heart, and what it says of
//! their likes, or its weights themselves, flow into the run: the test split then measures no longer what it should.

use crate::{Prepared, TrainError, prepare};
use fude_data::Split;
use fude_record::RunFolder;
use std::collections::HashSet;
use std::path::Path;

/// Looks up what each model was trained on, `role` being what they are to the run; what could not be found out, or
/// concerns validation alone, in words.
///
/// # Errors
/// A model that was trained on test images of `data`, or on validation images where there are no test images, with how many.
pub(crate) fn require_unseen<P: AsRef<Path>>(
    role: &str,
    models: &[P],
    data: &Prepared,
) -> Result<Vec<String>, TrainError> {
    let warnings = models.iter().map(|path| look(role, path.as_ref(), data)).collect::<Result<Vec<_>, _>>()?;
    Ok(warnings.into_iter().flatten().collect())
}

/// What there is to say of a model that a run starts from, where it was trained on images that the run holds out or that
/// is unknown; `role` is what named it (`--init`).
pub fn warning_of_seen(role: &str, model: &Path, data: &Prepared) -> Option<String> {
    look(role, model, data).unwrap_or_else(|error| Some(format!("{error}; the figures on them are too good")))
}

fn look(role: &str, path: &Path, data: &Prepared) -> Result<Option<String>, TrainError> {
    // Without a test split, as in a search, validation images are what is measured on.
    let (held_out, split) = match (&data.test, &data.validation) {
        (Some(test), _) => (test, "test"),
        (None, Some(validation)) => (validation, "validation"),
        (None, None) => return Ok(None),
    };
    let name = format!("{role} {}", path.display());
    let unknown = |why: String| {
        format!(
            "{name}: {why}, so whether it was trained on {split} images of this run is unknown; if it was, the {split} \
             figures are too good"
        )
    };
    let Some(run) = run_of(path) else { return Ok(Some(unknown("is not in a run's folder".into()))) };
    let theirs = match run.experiment_as_run().map_err(TrainError::from).and_then(|experiment| prepare(&experiment)) {
        Ok(theirs) => theirs,
        Err(error) => return Ok(Some(unknown(format!("its data cannot be read ({error})")))),
    };
    match count_seen(&theirs.train, &data.train, held_out) {
        0 if data.test.is_none() => Ok(None),
        0 => Ok(seen_validation(&theirs, data).map(|count| {
            format!("{name}: was trained on {count} of this run's validation images: their figures are too good")
        })),
        seen => Err(TrainError::Mismatch(format!(
            "{name}: was trained on {seen} of the {} {split} images of this run; expected one trained with the same \
             hold-out (data.fold, data.split_seed)",
            held_out.len()
        ))),
    }
}

fn seen_validation(theirs: &Prepared, data: &Prepared) -> Option<usize> {
    let seen = count_seen(&theirs.train, &data.train, data.validation.as_ref()?);
    (seen > 0).then_some(seen)
}

/// The run that a model is of: its folder, or the folder of its file.
fn run_of(path: &Path) -> Option<RunFolder> {
    RunFolder::open(path).or_else(|_| RunFolder::open(path.parent().unwrap_or(path))).ok()
}

/// How many images of `held_out` are among `theirs` and not among the run's `own`: sets such as KMNIST have a few
/// images twice, and those that the run trains on anyway are no news from another model.
fn count_seen(theirs: &Split, own: &Split, held_out: &Split) -> usize {
    let own: HashSet<&[u8]> = images(own).collect();
    let seen: HashSet<&[u8]> = images(theirs).filter(|image| !own.contains(image)).collect();
    images(held_out).filter(|image| seen.contains(image)).count()
}

fn images(split: &Split) -> impl Iterator<Item = &[u8]> {
    (0..split.len()).map(|index| split.image(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(values: &[u8]) -> Split {
        Split { pixels: values.to_vec(), labels: vec![0; values.len()], height: 1, width: 1 }
    }

    #[test]
    fn images_that_the_run_trains_on_itself_do_not_count() {
        let held_out = split(&[1, 2, 3, 4]);
        assert_eq!(count_seen(&split(&[7, 8]), &split(&[5]), &held_out), 0);
        assert_eq!(count_seen(&split(&[2, 3, 8]), &split(&[5]), &held_out), 2);
        assert_eq!(count_seen(&split(&[2, 3, 8]), &split(&[3]), &held_out), 1);
    }
}
