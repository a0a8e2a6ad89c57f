//! A device in a trial: it trains the very model on the very data for a moment.

use super::TrialRequest;
use crate::engine_choice::choose_engine;
use crate::{Prepared, engine_spec, epoch_plan};
use fude_engine::{
    Candidate, Control, Device, DeviceData, DeviceError, DeviceKind, Engine, EngineError, EngineKind, Flow, build,
};
use fude_model::initialise;
use fude_record::Experiment;
use std::time::{Duration, Instant};

/// How fast a device was.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// The engine that was timed.
    pub engine: String,
    /// Seconds a step.
    pub step_seconds: f64,
}

/// Why a device was not timed.
#[derive(Clone, Debug, PartialEq)]
pub enum Untimed {
    /// No short trial says anything of it.
    Unsuited(String),
    /// It failed.
    Failed(String),
}

/// Whatever can be timed.
pub trait Contender {
    /// The device's name.
    fn name(&self) -> &str;
    /// `gpu` or `cpu`.
    fn kind(&self) -> DeviceKind;
    /// Trains for about `budget`.
    ///
    /// # Errors
    /// Why it was not timed.
    fn time(&mut self, budget: Duration) -> Result<Timed, Untimed>;
}

/// A device of this machine.
pub(super) struct OnDevice<'a> {
    name: String,
    kind: DeviceKind,
    /// Not opened before it is needed.
    candidate: Option<Candidate>,
    opened: Option<Device>,
    experiment: &'a Experiment,
    data: &'a Prepared,
    engine: Option<EngineKind>,
}

impl<'a> OnDevice<'a> {
    pub(super) fn new(candidate: Candidate, request: &TrialRequest<'a>) -> Self {
        let &TrialRequest { experiment, data, engine, .. } = request;
        let (name, kind) = (candidate.name.clone(), candidate.kind);
        Self { name, kind, candidate: Some(candidate), opened: None, experiment, data, engine }
    }

    fn open(&mut self) -> Result<&Device, DeviceError> {
        if let Some(candidate) = self.candidate.take() {
            self.opened = Some(candidate.open()?);
        }
        let gone = || DeviceError::Open { adapter: self.name.clone(), why: "it refused before".into() };
        self.opened.as_ref().ok_or_else(gone)
    }

    /// The device, opened.
    pub(super) fn into_device(mut self) -> Result<Device, DeviceError> {
        self.open().cloned()
    }

    fn engine(&mut self) -> Result<Box<dyn Engine>, Untimed> {
        let (experiment, data, asked) = (self.experiment, self.data, self.engine);
        let device = self.open().map_err(failed)?;
        let (kind, why) = asked.map_or_else(|| choose_engine(device, experiment, data), |kind| (kind, None));
        if kind == EngineKind::Burn && device.kind() == DeviceKind::Gpu {
            let why = why.map_or(String::new(), |why| format!("{why}, "));
            let why = format!("{why}which tunes itself too long for a trial (--device gpu takes it)");
            return Err(Untimed::Unsuited(why));
        }
        let build = || -> Result<Box<dyn Engine>, EngineError> {
            let train = DeviceData::upload(data.train.clone(), data.outputs(), device)?;
            let parameters = vec![initialise(&experiment.model, experiment.train.seed)];
            build(Some(kind), device, engine_spec(experiment, parameters, train))
        };
        build().map_err(refused)
    }
}

impl Contender for OnDevice<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> DeviceKind {
        self.kind
    }

    fn time(&mut self, budget: Duration) -> Result<Timed, Untimed> {
        let mut engine = self.engine()?;
        let mut train = |epoch: u32, time: Duration| {
            let plan = epoch_plan(self.experiment, epoch, self.data.train.len());
            let (steps, start) = (plan.steps(), Instant::now());
            let progressed = engine.train(&[plan], 0..steps, &mut Until(start + time));
            let done = progressed.map_err(refused)?.steps_done;
            Ok(start.elapsed().as_secs_f64() / f64::from(done))
        };
        // The first steps make room, compile shaders, copy the images and wake clocks.
        train(0, budget / 3)?;
        // From the next epoch's beginning: of the first one perhaps a single step is left.
        let step_seconds = train(1, budget * 2 / 3)?;
        Ok(Timed { engine: engine.info().engine.to_owned(), step_seconds })
    }
}

/// What an engine cannot do is no failure of the device.
fn refused(error: EngineError) -> Untimed {
    match error {
        EngineError::Unsupported { .. } => Untimed::Unsuited(error.to_string()),
        other => failed(other),
    }
}

fn failed(error: impl std::fmt::Display) -> Untimed {
    Untimed::Failed(error.to_string())
}

/// Ends training when its time is up.
struct Until(Instant);

impl Control for Until {
    fn boundary(&mut self, _step: u32) -> Flow {
        if Instant::now() < self.0 { Flow::Continue } else { Flow::Return }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_engine::Candidates;
    use fude_record::Override;

    #[test]
    fn the_processor_is_timed_within_its_budget_also_where_an_epoch_is_one_step() {
        let text = "name = \"x\"\ndataset = \"kana\"\nmodel.hidden = [8]\n";
        for limit in [60, 400] {
            let limit = Override::new("data.limit", limit);
            let mut experiment = Experiment::parse(text, "e.toml", &[limit]).unwrap();
            let data = crate::prepare(&experiment).unwrap();
            crate::fit_to_data(&mut experiment, &data);
            let request = TrialRequest { experiment: &experiment, data: &data, engine: None, allow_software: false };
            let cpu = Candidates::of_this_machine(false).devices.pop().unwrap();
            let timed = OnDevice::new(cpu, &request).time(Duration::from_millis(5)).unwrap();
            assert!(timed.step_seconds > 0.0 && timed.step_seconds.is_finite(), "{timed:?}");
            assert_eq!(timed.engine, "fused");
        }
    }
}
