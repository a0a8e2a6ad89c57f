//! The process that a row of fude's own is measured in.

use crate::images::repeated;
use crate::memory::host_bytes;
use crate::protocol::{EPOCH, Said};
use crate::{BenchError, Closing, EpochDone, Order, Ready};
use fude_engine::{
    Device, DeviceData, DeviceOptions, DeviceRequest, Engine, EngineKind, EpochPlan, build, choose_device,
};
use fude_model::initialise;
use fude_record::Experiment;
use fude_train::{engine_spec, epoch_plan, prepare};
use serde::Serialize;
use std::io::{BufRead, Write};
use std::time::Instant;

/// Does what the order on `input` says, and answers on `output`. What goes wrong is said there too.
///
/// # Errors
/// Where `output` cannot be written.
pub fn serve(input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), BenchError> {
    match measure(input, output) {
        Err(error @ BenchError::Io(_)) => Err(error),
        Err(error) => say(output, &Said::<()>::Error { error: error.to_string() }),
        Ok(()) => Ok(()),
    }
}

fn measure(input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), BenchError> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    let expected = "an order";
    let order =
        serde_json::from_str(&line).map_err(|error| BenchError::Protocol { expected, found: error.to_string() });
    let mut models = Models::new(&order?)?;
    say(output, &models.first_step()?)?;
    for (epoch, line) in input.lines().enumerate() {
        match line?.trim() {
            EPOCH => say(output, &models.epoch(epoch as u32)?)?,
            other => return Err(BenchError::Protocol { expected: EPOCH, found: other.to_owned() }),
        }
    }
    say(output, &Closing { device_bytes: models.device_bytes(), host_peak_bytes: host_bytes().1 })
}

fn say(output: &mut dyn Write, message: &impl Serialize) -> Result<(), BenchError> {
    let text = serde_json::to_string(message).map_err(std::io::Error::from)?;
    writeln!(output, "{text}")?;
    Ok(output.flush()?)
}

/// M models of one experiment on one device.
struct Models {
    /// One a model, their seeds apart.
    experiments: Vec<Experiment>,
    engine: Box<dyn Engine>,
    images: usize,
    /// Bytes of the images.
    image_bytes: u64,
}

impl Models {
    fn new(order: &Order) -> Result<Self, BenchError> {
        let data = prepare(&order.experiment)?;
        let split = order.images.map_or_else(|| data.train.clone(), |n| repeated(&data.train, n));
        let device = device(order)?;
        let experiments = seeds(&order.experiment, order.models);
        let parameters = experiments.iter().map(|e| initialise(&e.model, e.train.seed)).collect();
        let images = DeviceData::upload(split.clone(), data.outputs(), &device)?;
        let spec = engine_spec(&order.experiment, parameters, images);
        let engine = build(engine(order)?, &device, spec)?;
        let image_bytes = (split.pixels.len() + split.labels.len()) as u64;
        Ok(Self { experiments, engine, images: split.len(), image_bytes })
    }

    fn plans(&self, epoch: u32) -> Vec<EpochPlan> {
        self.experiments.iter().map(|experiment| epoch_plan(experiment, epoch, self.images)).collect()
    }

    fn first_step(&mut self) -> Result<Ready, BenchError> {
        self.engine.train(&self.plans(0), 0..1, &mut ())?;
        let info = self.engine.info();
        Ok(Ready {
            engine: info.engine.to_owned(),
            device: info.device.clone(),
            device_kind: info.device_kind.to_string(),
            detail: info.detail.clone(),
            images: self.images,
            dispatches_per_step: info.dispatches_per_step,
        })
    }

    fn epoch(&mut self, epoch: u32) -> Result<EpochDone, BenchError> {
        let start = Instant::now();
        let plans = self.plans(epoch);
        // Returns with the losses, so the device is done.
        self.engine.train(&plans, 0..plans[0].steps(), &mut ())?;
        let epoch_seconds = start.elapsed().as_secs_f64();
        Ok(EpochDone { epoch_seconds, host_bytes: host_bytes().0, device_bytes: self.device_bytes() })
    }

    fn device_bytes(&self) -> Option<u64> {
        self.engine.info().device_bytes.map(|bytes| bytes + self.image_bytes)
    }
}

/// An experiment with M seeds in a row.
fn seeds(experiment: &Experiment, models: usize) -> Vec<Experiment> {
    let with_seed = |index: u32| {
        let mut experiment = experiment.clone();
        experiment.train.seed = experiment.train.seed.wrapping_add(index);
        experiment
    };
    (0..models.max(1) as u32).map(with_seed).collect()
}

fn device(order: &Order) -> Result<Device, BenchError> {
    let request = order.device.as_deref().unwrap_or("auto").parse::<DeviceRequest>().unwrap_or_default();
    // A row named after a GPU must not come from the CPU.
    let require_gpu = request == DeviceRequest::Gpu;
    let options = DeviceOptions { request, require_gpu, allow_software: order.allow_software };
    Ok(choose_device(&options)?.device)
}

fn engine(order: &Order) -> Result<Option<EngineKind>, BenchError> {
    order.engine.as_deref().map(str::parse).transpose().map_err(BenchError::Said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io::Cursor;

    fn order(engine: &str) -> Order {
        let text =
            "name = \"x\"\ndataset = \"kana\"\nmodel.hidden = [8]\n[data]\nlimit = 90\nvalidation_fraction = 0.0\n";
        Order {
            experiment: Experiment::parse(text, "e.toml", &[]).unwrap(),
            engine: Some(engine.into()),
            device: Some("cpu".into()),
            allow_software: false,
            models: 2,
            cpu: "it".into(),
            threads: 1,
            images: Some(200),
            raw: None,
        }
    }

    fn said(input: String) -> Vec<Value> {
        let mut output = Vec::new();
        serve(&mut Cursor::new(input), &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_worker_answers_each_line_and_closes_at_the_end() {
        let lines = said(format!("{}\nepoch\nepoch\n", serde_json::to_string(&order("fused")).unwrap()));
        assert_eq!(lines.len(), 4);
        assert_eq!((&lines[0]["engine"], &lines[0]["images"]), (&"fused".into(), &200.into()));
        assert!(lines[1..3].iter().all(|line| line["epoch_seconds"].as_f64() > Some(0.0)));
        assert!(lines[3]["device_bytes"].as_u64() > Some(200 * 785), "{}", lines[3]);
    }

    #[test]
    fn what_goes_wrong_is_said_where_the_answer_was_due() {
        let unknown = said(serde_json::to_string(&order("steam")).unwrap());
        assert_eq!(unknown, [serde_json::json!({ "error": "expected burn or fused, found 'steam'" })]);
        let no_order = said("tea, please\n".into());
        assert!(no_order[0]["error"].as_str().unwrap().starts_with("expected an order, found "), "{no_order:?}");
        let other = said(format!("{}\nwhat?\n", serde_json::to_string(&order("fused")).unwrap()));
        assert_eq!(other[1], serde_json::json!({ "error": "expected epoch, found what?" }));
    }
}
