//! What a trial found.

use super::{Contender, Untimed};
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
    pub untimed: Option<String>,
    /// Whether it failed.
    pub failed: bool,
}

impl Figure {
    pub(super) fn of(contender: &mut dyn Contender, budget: Duration) -> Self {
        let (device, kind) = (contender.name().to_owned(), contender.kind());
        let figure = Self { device, kind, engine: None, step_ms: None, untimed: None, failed: false };
        match contender.time(budget) {
            Ok(timed) => Self { engine: Some(timed.engine), step_ms: Some(timed.step_seconds * 1e3), ..figure },
            Err(Untimed::Unsuited(why)) => Self { untimed: Some(why), ..figure },
            Err(Untimed::Failed(why)) => Self { untimed: Some(why), failed: true, ..figure },
        }
    }

    /// The device, and its time or why there is none.
    fn told(&self) -> String {
        let device = format!("the {} {}", self.kind, self.device);
        match (self.step_ms, &self.untimed) {
            (Some(ms), _) => format!("{device} took {ms:.3} ms"),
            (None, Some(why)) => format!("{device} was not timed: {why}"),
            (None, None) => format!("{device} was not timed"),
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

    /// Whether no device failed: one that no trial suits would not be timed another time either.
    pub(super) fn is_complete(&self) -> bool {
        self.figures.iter().all(|figure| !figure.failed && figure.step_ms.is_none_or(f64::is_finite))
    }

    /// Why the winner was taken: its figure and the others'.
    pub fn why(&self) -> String {
        let Some(winner) = self.winner() else { return "no other device could be timed".into() };
        let others = self.figures.iter().filter(|figure| figure.device != winner.device && !figure.failed);
        let others: String = others.map(|figure| format!("; {}", figure.told())).collect();
        let remembered = if self.remembered { "; remembered" } else { "" };
        format!("{:.3} ms a step in a short trial{others}{remembered}", winner.step_ms.unwrap_or_default())
    }

    /// What should not be overlooked: devices that failed.
    pub fn warning(&self) -> Option<String> {
        let failed = self.figures.iter().filter(|figure| figure.failed);
        let failed: Vec<String> = failed.map(Figure::told).collect();
        (!failed.is_empty()).then(|| failed.join("; "))
    }
}
