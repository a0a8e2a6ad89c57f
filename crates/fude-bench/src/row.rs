//! A line of the result.

use crate::{Closing, EpochDone, Ready, Spread};
use fude_record::Experiment;
use serde::Serialize;

/// An experiment with an engine on a device.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The experiment's name.
    pub experiment: String,
    /// `burn`, `fused`, or what another program calls itself.
    pub engine: String,
    /// `gpu` or `cpu`.
    pub device_kind: String,
    /// The device's name.
    pub device: String,
    /// Median seconds of an epoch, of all M models together.
    pub epoch_seconds_median: f64,
    /// Milliseconds of a step, from that.
    pub step_ms: f64,
    /// Images a second, each model's counted.
    pub samples_per_second: f64,
    /// Operations that the networks need, over that time.
    pub gflops: f64,
    /// Its share of the machine's peak in matrix products; null for a GPU, whose peak is not measured.
    pub peak_fraction: Option<f64>,
    /// Dispatches a step, where the engine decides them.
    pub dispatches_per_step: Option<u32>,
    /// From the start of the process to the end of its first step.
    pub first_step_seconds: f64,
    /// Bytes held on the device, images included, where known.
    pub device_bytes: Option<u64>,
    /// The most bytes that the process ever held in the machine's memory, where known.
    pub host_peak_bytes: Option<u64>,
    /// M, models trained at once.
    pub models: usize,
    /// The data's name.
    pub dataset: String,
    /// N.
    pub images: usize,
    /// B.
    pub batch: u32,
    /// API and driver, SIMD level and threads, versions.
    pub detail: String,
    /// Seconds of each measured epoch, round by round: equal places of two rows were measured one after the other.
    pub epoch_seconds: Vec<f64>,
    /// Bytes of the machine's memory that came to the process between its first and its last measured epoch.
    pub host_growth_bytes: Option<i64>,
    /// The same of the device's memory.
    pub device_growth_bytes: Option<i64>,
}

/// What a process said, from its start to its end.
pub(crate) struct Measured {
    pub(crate) ready: Ready,
    pub(crate) first_step_seconds: f64,
    /// After the warm-up, a round each.
    pub(crate) epochs: Vec<EpochDone>,
    pub(crate) closing: Closing,
    pub(crate) models: usize,
}

impl Row {
    /// None where no epoch was measured.
    pub(crate) fn new(experiment: &Experiment, measured: Measured, peak: f64) -> Option<Self> {
        let Measured { ready, first_step_seconds, epochs, closing, models } = measured;
        let epoch_seconds: Vec<f64> = epochs.iter().map(|epoch| epoch.epoch_seconds).collect();
        let median = Spread::of(epoch_seconds.iter().copied())?.median;
        let (images, batch) = (ready.images, experiment.train.batch);
        let samples_per_second = (images * models) as f64 / median;
        let gflops = experiment.model.training_flops_per_sample() * samples_per_second / 1e9;
        let on_cpu = ready.device_kind == "cpu";
        Some(Self {
            experiment: experiment.name.clone(),
            engine: ready.engine,
            device_kind: ready.device_kind,
            device: ready.device,
            epoch_seconds_median: median,
            step_ms: median * 1e3 / images.div_ceil(batch as usize).max(1) as f64,
            samples_per_second,
            gflops,
            peak_fraction: (on_cpu && peak > 0.0).then(|| gflops / peak),
            dispatches_per_step: ready.dispatches_per_step,
            first_step_seconds,
            device_bytes: closing.device_bytes,
            host_peak_bytes: closing.host_peak_bytes,
            models,
            dataset: experiment.dataset.clone(),
            images,
            batch,
            detail: ready.detail,
            host_growth_bytes: growth(&epochs, |epoch| epoch.host_bytes),
            device_growth_bytes: growth(&epochs, |epoch| epoch.device_bytes),
            epoch_seconds,
        })
    }

    /// Engine and device, and how many models.
    pub fn label(&self) -> String {
        let models = if self.models > 1 { format!(", {} models at once", self.models) } else { String::new() };
        format!("{} on the {}{models}", self.engine, self.device_kind)
    }
}

fn growth(epochs: &[EpochDone], bytes: fn(&EpochDone) -> Option<u64>) -> Option<i64> {
    let (first, last) = (bytes(epochs.first()?)?, bytes(epochs.last()?)?);
    Some(last as i64 - first as i64)
}
