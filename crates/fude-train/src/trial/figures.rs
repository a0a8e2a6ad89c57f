//! What a trial found.

use super::Contender;
use fude_engine::DeviceKind;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How fast one device was, or why that is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The device's name.
    pub device: String,
    /// `gpu` or `cpu`.
    pub kind: DeviceKind,
    /// The engine that was timed.
    pub engine: Option<String>,
    /// Milliseconds a step.
    pub step_ms: Option<f64>,
    /// Why it was not timed.
    pub failure: Option<String>,
}

impl Figure {
    pub(super) fn of(contender: &mut dyn Contender, budget: Duration) -> Self {
        let (device, kind) = (contender.name().to_owned(), contender.kind());
        match contender.time(budget) {
            Ok(timed) => {
                let (engine, step_ms) = (Some(timed.engine), Some(timed.step_seconds * 1e3));
                Self { device, kind, engine, step_ms, failure: None }
            }
            Err(why) => Self { device, kind, engine: None, step_ms: None, failure: Some(why) },
        }
    }
}

/// All that was tried for a model on a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The devices with their drivers.
    pub machine: String,
    /// The network, the batch, and what else a step does.
    pub work: String,
    /// fude's version.
    pub version: String,
    /// A figure a device.
    pub figures: Vec<Figure>,
    /// Whether it comes from an earlier run.
    #[serde(skip)]
    pub remembered: bool,
}

impl Trial {
    pub(super) fn new(machine: &str, work: &str, figures: Vec<Figure>) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { machine: machine.to_owned(), work: work.to_owned(), version, figures, remembered: false }
    }

    /// The fastest device.
    pub fn winner(&self) -> Option<&Figure> {
        let timed = self.figures.iter().filter_map(|figure| Some((figure, figure.step_ms?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(figure, _)| figure)
    }

    /// Whether every device was timed.
    pub(super) fn is_complete(&self) -> bool {
        self.figures.iter().all(|figure| figure.step_ms.is_some_and(f64::is_finite))
    }

    /// Why the winner was taken: its figure and the others'.
    pub fn why(&self) -> String {
        let Some(winner) = self.winner() else { return "no other device could be timed".into() };
        let ms = |figure: &Figure| figure.step_ms.map(|ms| format!("{ms:.3} ms"));
        let others = self.figures.iter().filter(|figure| figure.device != winner.device);
        let others: Vec<String> =
            others.filter_map(|f| Some(format!("the {} {} took {}", f.kind, f.device, ms(f)?))).collect();
        let mut why = format!("{} a step in a short trial", ms(winner).unwrap_or_default());
        if !others.is_empty() {
            why += &format!("; {}", others.join(", "));
        }
        if self.remembered {
            why += "; remembered";
        }
        why
    }

    /// What should not be overlooked: devices that could not be timed.
    pub fn warning(&self) -> Option<String> {
        let untimed = self.figures.iter().filter_map(|f| Some((f.kind, &f.device, f.failure.as_ref()?)));
        let untimed: Vec<String> =
            untimed.map(|(kind, name, why)| format!("the {kind} {name} was not timed: {why}")).collect();
        (!untimed.is_empty()).then(|| untimed.join("; "))
    }
}
