//! A benchmark: its processes are started one after the other, then each trains an epoch in every round.

use crate::case::Case;
use crate::images::{choose, measured, write_raw};
use crate::machine::Peak;
use crate::subject::Worker;
use crate::{BenchError, Machine, Order, Report, Subject};
use fude_record::Experiment;
use std::path::Path;

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Bench {
    /// On what.
    pub experiments: Vec<Experiment>,
    /// The data; none takes 60,000 images of the usual ones.
    pub data: Option<String>,
    /// With what.
    pub subjects: Vec<Subject>,
    /// Measured epochs of each; one more warms up.
    pub epochs: u32,
    /// Whether software adapters count as GPUs.
    pub allow_software: bool,
    /// How fude's own processes are started.
    pub worker: Worker,
}

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub enum BenchEvent {
    /// Something worth knowing.
    Note(String),
    /// A row that there will not be, and why.
    Skipped(String),
    /// So many rounds are done.
    Round {
        /// With the warm-up.
        done: u32,
        /// With the warm-up.
        of: u32,
    },
}

impl Bench {
    /// Measures all of it.
    ///
    /// # Errors
    /// Experiments or data that are wrong, or nothing that could be measured.
    pub fn run(&self, watch: &mut dyn FnMut(BenchEvent)) -> Result<Report, BenchError> {
        let mut machine = Machine::of_today();
        let mut peak = Peak::new(machine.threads);
        let mut cases = Vec::new();
        for experiment in &self.experiments {
            // Other programs have read what is in it when they are ready.
            let folder = tempfile::tempdir()?;
            let order = self.order(experiment, &machine, folder.path(), watch)?;
            peak.consider(&order.experiment.model, order.experiment.train.batch as usize);
            cases.extend(self.start(&order, watch));
        }
        for done in 0..=self.epochs {
            machine.sgemm_gflops = peak.measure();
            cases.retain_mut(|case| kept(&case.label(), case.epoch(), watch));
            watch(BenchEvent::Round { done: done + 1, of: self.epochs + 1 });
        }
        let gflops = machine.sgemm_gflops;
        let mut rows = Vec::new();
        for case in cases {
            let label = case.label();
            let row = case.finish(gflops);
            if let Ok(Some(row)) = row {
                rows.push(row);
            } else {
                kept(&label, row.map(drop), watch);
            }
        }
        if rows.is_empty() {
            return Err(BenchError::Nothing("no engine trains these experiments on these devices".into()));
        }
        Ok(Report { machine, rows })
    }

    /// What all subjects of an experiment are told.
    fn order(
        &self,
        experiment: &Experiment,
        machine: &Machine,
        folder: &Path,
        watch: &mut dyn FnMut(BenchEvent),
    ) -> Result<Order, BenchError> {
        let mut experiment = measured(experiment.clone());
        if experiment.distill.is_some() {
            let why = "a run that learns from teachers is not measured".into();
            return Err(BenchError::Experiment { experiment: experiment.name, why });
        }
        // Masks come with epochs: what is timed is the step without them.
        experiment.prune = None;
        let images = choose(&mut experiment, self.data.as_deref())?;
        watch(BenchEvent::Note(format!("{}: {}", experiment.name, images.note)));
        let read_by_peers = self.subjects.iter().any(Subject::is_peer);
        let raw = read_by_peers.then(|| write_raw(&images.data, folder)).transpose()?;
        let (allow_software, images) = (self.allow_software, images.images);
        let (cpu, threads) = (machine.cpu.clone(), machine.threads);
        Ok(Order { experiment, engine: None, device: None, allow_software, models: 1, cpu, threads, images, raw })
    }

    fn start(&self, order: &Order, watch: &mut dyn FnMut(BenchEvent)) -> Vec<Case> {
        let mut cases = Vec::new();
        for subject in &self.subjects {
            match Case::start(subject, &subject.order(order), &self.worker) {
                Ok(case) => {
                    watch(BenchEvent::Note(case.introduction()));
                    cases.push(case);
                }
                Err(error) => {
                    let name = &order.experiment.name;
                    watch(BenchEvent::Skipped(format!("{name}, {}: {error}", subject.label())));
                }
            }
        }
        cases
    }
}

/// Whether all went well; else says what did not.
fn kept(label: &str, outcome: Result<(), BenchError>, watch: &mut dyn FnMut(BenchEvent)) -> bool {
    let Err(error) = outcome else { return true };
    watch(BenchEvent::Skipped(format!("{label}: {error}")));
    false
}
