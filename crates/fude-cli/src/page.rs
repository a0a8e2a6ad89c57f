//! A run's `report.html`.

use crate::class_labels::class_labels;
use crate::plots::{Plots, scored_split};
use anyhow::{Context, Result};
use fude_model::ModelFile;
use fude_record::{Calibration, RunFolder, Summary, file, write_atomically};
use fude_report::{ComparedRun, FirstLayer, Judged, Report, report_page};
use fude_train::Scored;
use std::path::PathBuf;

/// Images of each class that are shown as its hardest.
const HARDEST: usize = 8;

/// Writes the page into the run folder; returns the file.
pub(crate) fn write_page(run: &RunFolder, plots: &Plots<'_>) -> Result<PathBuf> {
    let path = run.file(file::REPORT);
    let page = page(run, plots).with_context(|| format!("cannot write {}", path.display()))?;
    write_atomically(&path, page.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn page(run: &RunFolder, plots: &Plots<'_>) -> Result<String> {
    let Plots { summary, data, scored, others } = *plots;
    let (experiment, records, labels) = (run.experiment()?, run.metrics()?, class_labels(&data.classes));
    let model = std::fs::read(run.file(file::MODEL)).ok().and_then(|bytes| ModelFile::from_bytes(&bytes).ok());
    let first_layer = model.as_ref().map(|model| FirstLayer {
        weights: model.parameters.weight(0),
        units: model.parameters.layout.layers[0].outputs,
        height: data.train.height,
        width: data.train.width,
    });
    let split = scored_split(data);
    let judged = scored.zip(split).map(|(scored, (name, split))| {
        let (mistakes, hardest) = (scored.mistaken_images(split), scored.hardest_images(split, HARDEST));
        (scored, name, split, calibration(summary, scored), scored.answers(), mistakes, hardest)
    });
    let judged = judged.as_ref().map(|(scored, name, split, calibration, answers, mistakes, hardest)| Judged {
        split: name,
        height: split.height,
        width: split.width,
        evaluation: &scored.evaluation,
        calibration,
        answers,
        mistakes,
        hardest,
    });
    let report =
        Report { summary, experiment: &experiment, records: &records, labels: &labels, judged, first_layer, others };
    Ok(report_page(&report)?)
}

/// The summary's, which knows the temperature fitted on the validation split; measured again where it has none.
fn calibration(summary: &Summary, scored: &Scored) -> Calibration {
    summary.calibration.clone().unwrap_or_else(|| scored.calibration(None))
}

/// Another run, to be compared with.
pub(crate) fn compared(run: &RunFolder) -> Result<ComparedRun> {
    Ok(ComparedRun { experiment: run.experiment()?, summary: run.summary()?, records: run.metrics()? })
}
