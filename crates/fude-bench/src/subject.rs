//! What is measured, and how its process is started.

use crate::{BenchError, Order};
use fude_engine::{Candidates, DeviceKind, EngineKind, supported_engines};
use std::path::PathBuf;
use std::process::Command;

/// One row a benchmarked experiment.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// fude.
    Fude {
        /// With this engine.
        engine: EngineKind,
        /// `auto`, `gpu`, `cpu` or a part of a device's name.
        device: String,
        /// M, models trained at once.
        models: usize,
    },
    /// Another program that speaks the protocol: its command, words apart by blanks.
    Peer(String),
}

impl Subject {
    /// fude with every engine on every device, with one model and, where more are asked for, with M at once. No engines
    /// are all of this build; no devices are this machine's real GPUs and its processor.
    pub fn of_fude(engines: &[EngineKind], devices: &[String], allow_software: bool, models: usize) -> Vec<Self> {
        let engines = if engines.is_empty() { supported_engines() } else { engines };
        let all = if devices.is_empty() { all_devices(allow_software) } else { devices.to_vec() };
        let mut counts = vec![1, models.max(1)];
        counts.dedup();
        let mut subjects = Vec::new();
        for device in all {
            for &engine in engines {
                let with = |&models: &usize| Self::Fude { engine, device: device.clone(), models };
                subjects.extend(counts.iter().map(with));
            }
        }
        subjects
    }

    /// What it is called where there is no row of it yet.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Fude { engine, device, models: 1 } => format!("{engine} on {device}"),
            Self::Fude { engine, device, models } => format!("{engine} on {device}, {models} models"),
            Self::Peer(command) => command.clone(),
        }
    }

    /// Whether it reads images as plain bytes.
    pub(crate) fn is_peer(&self) -> bool {
        matches!(self, Self::Peer(_))
    }

    /// M.
    pub(crate) fn models(&self) -> usize {
        match self {
            Self::Fude { models, .. } => *models,
            Self::Peer(_) => 1,
        }
    }

    /// Puts into an order what concerns this subject.
    pub(crate) fn order(&self, common: &Order) -> Order {
        match self {
            Self::Fude { engine, device, models } => Order {
                engine: Some(engine.to_string()),
                device: Some(device.clone()),
                models: *models,
                raw: None,
                ..common.clone()
            },
            Self::Peer(_) => common.clone(),
        }
    }

    /// How its process is started; `worker` starts fude's.
    ///
    /// # Errors
    /// A peer without a command.
    pub(crate) fn command(&self, worker: &Worker) -> Result<Command, BenchError> {
        match self {
            Self::Fude { .. } => {
                let mut command = Command::new(&worker.program);
                command.args(&worker.arguments);
                Ok(command)
            }
            Self::Peer(line) => {
                let mut words = line.split_whitespace();
                let program =
                    words.next().ok_or_else(|| BenchError::Said("expected a peer's command, found none".into()))?;
                let mut command = Command::new(program);
                command.args(words);
                Ok(command)
            }
        }
    }
}

fn all_devices(allow_software: bool) -> Vec<String> {
    let devices = Candidates::of_this_machine(allow_software).devices.into_iter();
    devices.map(|device| if device.kind == DeviceKind::Cpu { "cpu".into() } else { device.name }).collect()
}

/// The program that calls [`crate::serve`].
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its path.
    pub program: PathBuf,
    /// What makes it a worker.
    pub arguments: Vec<String>,
}
