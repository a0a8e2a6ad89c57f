//! From what was measured to `summary.json`.

use crate::{Prepared, Scored};
use fude_engine::EngineInfo;
use fude_record::{EpochRecord, Experiment, Summary};

/// Scores of the final weights, dropout off.
pub(crate) struct FinalScores {
    pub(crate) train: Option<Scored>,
    pub(crate) validation: Option<Scored>,
    pub(crate) test: Option<Scored>,
}

/// The summary, but for what only the session knows (why and when the run ended).
pub(crate) fn summarise(
    experiment: &Experiment,
    data: &Prepared,
    info: &EngineInfo,
    records: &[EpochRecord],
    scores: &FinalScores,
) -> Summary {
    let loss = |scored: &Option<Scored>| scored.as_ref().map(|scored| scored.evaluation.loss);
    let accuracy = |scored: &Option<Scored>| scored.as_ref().map(|scored| scored.evaluation.accuracy);
    let detailed = scores.test.as_ref().or(scores.validation.as_ref()).map(|scored| &scored.evaluation);
    let median = median(records.iter().map(|record| record.seconds).collect());
    Summary {
        experiment: experiment.name.clone(),
        dataset: data.dataset.clone(),
        dataset_fallback: data.fallback,
        train_samples: data.train.len(),
        val_samples: data.validation.as_ref().map_or(0, |split| split.len()),
        test_samples: data.test.as_ref().map_or(0, |split| split.len()),
        model: experiment.model.shape(),
        engine: info.engine.to_owned(),
        device: info.device.clone(),
        device_kind: info.device_kind.to_string(),
        deterministic: info.determinism.name().to_owned(),
        seed: experiment.train.seed,
        folds: experiment.data.folds,
        fold: experiment.data.fold,
        epochs: records.len() as u32,
        parameters: experiment.model.layout().parameters(),
        train_loss: loss(&scores.train),
        train_accuracy: accuracy(&scores.train),
        val_loss: loss(&scores.validation),
        val_accuracy: accuracy(&scores.validation),
        test_loss: loss(&scores.test),
        test_accuracy: accuracy(&scores.test),
        total_loss: total_loss(experiment, records),
        looks: (experiment.eval.looks > 0).then_some(experiment.eval.looks),
        epoch_seconds_median: median,
        samples_per_second: if median > 0.0 { data.train.len() as f64 / median } else { 0.0 },
        per_class: detailed.map(|evaluation| evaluation.per_class(&data.classes)).unwrap_or_default(),
        confusion: detailed.map(|evaluation| evaluation.confusion.clone()).unwrap_or_default(),
        // A temperature is only told of a split that it was not fitted on.
        calibration: match (&scores.test, &scores.validation) {
            (Some(test), validation) => Some(test.calibration(validation.as_ref())),
            (None, validation) => validation.as_ref().map(|validation| validation.calibration(None)),
        },
        ..Summary::unmeasured()
    }
}

/// Sum over epochs of train loss + test loss; none unless the test split was evaluated each epoch.
fn total_loss(experiment: &Experiment, records: &[EpochRecord]) -> Option<f64> {
    if !experiment.eval.test_each_epoch {
        return None;
    }
    records.iter().map(|record| Some(record.train_loss + record.test_loss?)).sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
