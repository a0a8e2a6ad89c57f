//! What trained models weigh: accuracy, bytes, parameters, and how long an answer takes.

use flate2::{Compression, write::GzEncoder};
use fude_data::Split;
use fude_engine::{CpuInfo, EngineError, Predictor};
use fude_model::StoredModel;
use fude_train::Scored;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Images of a batch that is timed.
const BATCH: usize = 256;
/// Images that are timed one by one in a round.
const SINGLES: usize = 20;

/// A model to be weighed.
pub struct ToWeigh {
    /// The row it belongs to.
    pub name: String,
    /// The seed it was trained with, where known.
    pub seed: Option<u32>,
    /// The model.
    pub model: StoredModel,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// What a model weighs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighed {
    /// The row it belongs to: models that differ in seed alone have one name.
    pub name: String,
    /// The seed it was trained with, where known.
    pub seed: Option<u32>,
    /// The network, `784-128-10`.
    pub model: String,
    /// The data set.
    pub dataset: String,
    /// N of the split that was measured on.
    pub samples: usize,
    /// Share of its images that are recognised.
    pub accuracy: f64,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Bytes of its file.
    pub bytes: usize,
    /// The same after `gzip -9`.
    pub gzip_bytes: usize,
    /// P.
    pub parameters: usize,
    /// Parameters that are not 0.
    pub nonzero: usize,
    /// Seconds from one image to its logits, in the fastest of all rounds: what else the machine does only adds to it.
    pub image_seconds: f64,
    /// Images of a batch.
    pub batch: usize,
    /// Seconds an image of such a batch, in the fastest of all rounds.
    pub batch_seconds: f64,
    /// The processor, one thread of it.
    pub device: String,
    /// What computed: engine, instruction set, threads.
    pub engine: String,
    /// The version of fude that measured.
    pub version: String,
}

/// Weighs models on the images of a split, one thread of this machine's processor each, `rounds` times in turn.
///
/// # Errors
/// A model that no engine of this build takes, or that takes images of another size.
///
/// # Panics
/// Where the split has no image.
pub fn weigh(
    models: Vec<ToWeigh>,
    dataset: &str,
    split: &Arc<Split>,
    rounds: u32,
) -> Result<Vec<Weighed>, EngineError> {
    assert!(!split.is_empty(), "nothing is timed on no images");
    let cpu = CpuInfo { threads: 1, ..CpuInfo::of_this_machine() };
    let mut predictors =
        models.iter().map(|one| Predictor::on(&cpu, one.model.clone())).collect::<Result<Vec<_>, _>>()?;
    let latencies = latencies(&mut predictors, split, rounds)?;
    let weighed = models.into_iter().zip(&mut predictors).zip(latencies).map(|((one, predictor), latency)| {
        let evaluation = Scored::of(&predictor.logits(split)?, &split.labels).evaluation;
        Ok(Weighed {
            name: one.name,
            seed: one.seed,
            model: one.model.config().shape(),
            dataset: dataset.to_owned(),
            samples: evaluation.samples,
            accuracy: evaluation.accuracy,
            loss: evaluation.loss,
            bytes: one.bytes.len(),
            gzip_bytes: gzip_bytes(&one.bytes),
            parameters: one.model.config().layout().parameters(),
            nonzero: nonzero(&one.model),
            image_seconds: latency.image.as_secs_f64(),
            batch: BATCH.min(split.len()),
            batch_seconds: latency.batch.as_secs_f64(),
            device: cpu.name.clone(),
            engine: predictor.detail(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    });
    weighed.collect()
}

/// The shortest times of all rounds.
#[derive(Clone, Copy)]
struct Latency {
    image: Duration,
    /// An image of a batch.
    batch: Duration,
}

/// All predictors in turn in every round, so that whatever else the machine does meets them alike.
fn latencies(predictors: &mut [Predictor], split: &Split, rounds: u32) -> Result<Vec<Latency>, EngineError> {
    let few = |from: usize, count: usize| {
        let rows: Vec<u32> = (from..from + count).map(|row| (row % split.len()) as u32).collect();
        Arc::new(split.select(&rows))
    };
    let (batch, singles) = (few(0, BATCH.min(split.len())), (0..SINGLES).map(|row| few(row, 1)).collect::<Vec<_>>());
    let mut best = vec![Latency { image: Duration::MAX, batch: Duration::MAX }; predictors.len()];
    for _ in 0..rounds {
        for (predictor, best) in predictors.iter_mut().zip(&mut best) {
            // Its weights come into the cache.
            predictor.logits(&singles[0])?;
            let start = Instant::now();
            for image in &singles {
                predictor.logits(image)?;
            }
            best.image = best.image.min(start.elapsed() / SINGLES as u32);
            let start = Instant::now();
            predictor.logits(&batch)?;
            best.batch = best.batch.min(start.elapsed() / batch.len() as u32);
        }
    }
    Ok(best)
}

/// How many bytes `gzip -9` makes of these.
pub fn gzip_bytes(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Memory takes every byte.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_or(bytes.len(), |packed| packed.len())
}

/// Parameters that are not 0.
fn nonzero(model: &StoredModel) -> usize {
    let floats = |values: &[f32]| values.iter().filter(|&&value| value != 0.0).count();
    match model {
        StoredModel::F32(model) => floats(&model.parameters.values),
        StoredModel::Int8(model) => {
            let weights = model.layers.iter().flat_map(|layer| &layer.weight).filter(|&&weight| weight != 0).count();
            weights + model.layers.iter().map(|layer| floats(&layer.bias)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{MlpConfig, ModelFile, initialise};

    #[test]
    fn a_pruned_model_has_as_many_bytes_and_fewer_after_packing() {
        let config = MlpConfig { inputs: 20, hidden: vec![30], outputs: 3, ..Default::default() };
        let model = ModelFile { parameters: initialise(&config, 1), config, metadata: Default::default() };
        let to_weigh = |name: &str, model: ModelFile| ToWeigh {
            name: name.to_owned(),
            seed: Some(1),
            bytes: model.to_bytes().unwrap(),
            model: StoredModel::F32(model),
        };
        let models = vec![to_weigh("whole", model.clone()), to_weigh("pruned", model.pruned(0.9))];
        let pixels = (0..40 * 20).map(|i| (i * 37 % 256) as u8).collect();
        let labels = (0..40).map(|i| i % 3).collect();
        let split = Arc::new(Split { pixels, labels, height: 4, width: 5 });
        let weighed = weigh(models, "made up", &split, 2).unwrap();
        let [whole, pruned] = weighed.as_slice() else { panic!("{weighed:?}") };
        assert_eq!(whole.bytes, pruned.bytes);
        assert!(pruned.gzip_bytes < whole.gzip_bytes / 2, "{weighed:?}");
        // 690 weights and 33 biases.
        assert_eq!((whole.parameters, whole.nonzero, pruned.nonzero), (723, 723, 69 + 33));
        assert!(weighed.iter().all(|one| one.image_seconds > 0.0 && one.batch_seconds > 0.0 && one.batch == 40));
        assert_eq!((whole.samples, whole.model.as_str()), (40, "20-30-3"));
    }
}
