//! Whether a teacher has seen images that its student holds out.
//!
//! A teacher trained on another fold, or with another hold-out, knows the student's test images by heart, and what it says
//! of their likes flows into the student: the test split then measures no longer what it should.

use crate::{Prepared, TrainError, prepare};
use fude_data::Split;
use fude_record::{DistillConfig, Experiment, RunFolder};
use std::collections::HashSet;
use std::path::Path;

/// Looks up what each teacher was trained on; what could not be found out, or concerns validation alone, in words.
///
/// # Errors
/// A teacher that was trained on test images of `data`, with how many.
pub(crate) fn require_unseen(config: &DistillConfig, data: &Prepared) -> Result<Vec<String>, TrainError> {
    let warnings = config.teachers.iter().map(|text| look(Path::new(text), data)).collect::<Result<Vec<_>, _>>()?;
    Ok(warnings.into_iter().flatten().collect())
}

fn look(path: &Path, data: &Prepared) -> Result<Option<String>, TrainError> {
    let Some(test) = &data.test else { return Ok(None) };
    let name = path.display();
    let unknown = |why: String| {
        format!(
            "teacher {name}: {why}, so whether it was trained on test images of this run is unknown; if it was, the \
             test figures are too good"
        )
    };
    let Some(run) = run_of(path) else { return Ok(Some(unknown("is not in a run's folder".into()))) };
    let theirs = match experiment_of(&run).and_then(|experiment| prepare(&experiment)) {
        Ok(theirs) => theirs,
        Err(error) => return Ok(Some(unknown(format!("its data cannot be read ({error})")))),
    };
    match count_seen(&theirs.train, &data.train, test) {
        0 => Ok(seen_validation(&theirs, data).map(|count| {
            format!(
                "teacher {name}: was trained on {count} of this run's validation images: their figures are too good"
            )
        })),
        seen => Err(TrainError::Mismatch(format!(
            "teacher {name}: was trained on {seen} of the {} test images of this run; expected one trained with the same \
             hold-out (data.fold, data.split_seed)",
            test.len()
        ))),
    }
}

fn seen_validation(theirs: &Prepared, data: &Prepared) -> Option<usize> {
    let seen = count_seen(&theirs.train, &data.train, data.validation.as_ref()?);
    (seen > 0).then_some(seen)
}

/// The run that a teacher is of: its folder, or the folder of its file.
fn run_of(path: &Path) -> Option<RunFolder> {
    RunFolder::open(path).or_else(|_| RunFolder::open(path.parent().unwrap_or(path))).ok()
}

/// The run's experiment, on the data that it really had.
fn experiment_of(run: &RunFolder) -> Result<Experiment, TrainError> {
    let mut experiment = run.experiment()?;
    if run.summary()?.dataset_fallback {
        experiment.dataset = experiment.fallback.take().unwrap_or(experiment.dataset);
    }
    Ok(experiment)
}

/// How many images of `held_out` are among `theirs` and not among the student's `own`: sets such as KMNIST have a few
/// images twice, and those that the student trains on anyway are no news from its teacher.
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
    fn images_that_the_student_trains_on_itself_do_not_count() {
        let held_out = split(&[1, 2, 3, 4]);
        assert_eq!(count_seen(&split(&[7, 8]), &split(&[5]), &held_out), 0);
        assert_eq!(count_seen(&split(&[2, 3, 8]), &split(&[5]), &held_out), 2);
        assert_eq!(count_seen(&split(&[2, 3, 8]), &split(&[3]), &held_out), 1);
    }
}
