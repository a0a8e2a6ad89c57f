//! A run's pictures: PNG files, and the page that says all.

use crate::class_labels::class_labels;
use crate::page::write_page;
use anyhow::{Context, Result};
use fude_data::Split;
use fude_record::{RunFolder, Summary, file};
use fude_report::{ComparedRun, Picture, confusion_matrix, learning_curve, mistakes_grid};
use fude_train::{Prepared, Scored};
use std::path::PathBuf;

/// What is drawn.
pub(crate) struct Plots<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) data: &'a Prepared,
    /// Scores on the test split, or the validation split where there is no test; none where there is neither.
    pub(crate) scored: Option<&'a Scored>,
    /// Runs that the page compares this one with.
    pub(crate) others: &'a [ComparedRun],
}

/// The pictures of a run, each with its file's name.
pub(crate) fn pictures(run: &RunFolder, plots: &Plots<'_>) -> Result<Vec<(&'static str, Picture)>> {
    let Plots { summary, data, scored, .. } = plots;
    let title = format!("{} on {}, seed {}", summary.experiment, data_name(summary), summary.seed);
    let mut pictures = vec![(file::LEARNING_CURVE, learning_curve(&run.metrics()?, summary.best_epoch, &title))];
    if let (Some(scored), Some((split_name, split))) = (scored, scored_split(data)) {
        let labels = class_labels(&data.classes);
        let title = format!("{title}: {split_name} split");
        pictures.push((file::CONFUSION_MATRIX, confusion_matrix(&scored.evaluation.confusion, &labels, &title)?));
        let images = scored.mistaken_images(split);
        let grid = mistakes_grid(&images, split.height, split.width, &labels, &format!("{title}, worst mistakes"))?;
        pictures.push((file::MISTAKES, grid));
    }
    Ok(pictures)
}

/// Draws learning curve, confusion matrix, worst mistakes and the page into the run folder; returns the files.
pub(crate) fn draw(run: &RunFolder, plots: &Plots<'_>) -> Result<Vec<PathBuf>> {
    let files = pictures(run, plots)?.into_iter().map(|(name, picture)| save(run, name, &picture));
    files.chain(std::iter::once_with(|| write_page(run, plots))).collect()
}

fn data_name(summary: &Summary) -> String {
    if summary.dataset_fallback { format!("{} (fallback)", summary.dataset) } else { summary.dataset.clone() }
}

/// The split that a run is judged on.
pub(crate) fn scored_split(data: &Prepared) -> Option<(&'static str, &Split)> {
    let test = data.test.as_deref().map(|split| ("test", split));
    test.or_else(|| data.validation.as_deref().map(|split| ("validation", split)))
}

fn save(run: &RunFolder, name: &str, picture: &Picture) -> Result<PathBuf> {
    let path = run.file(name);
    picture.save(&path).with_context(|| format!("cannot draw {}", path.display()))?;
    Ok(path)
}
