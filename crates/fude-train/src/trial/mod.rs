//! `--device auto`: which of this machine's devices trains a model fastest, by a short trial that is remembered.
//!
//! A network of this size may well run faster on the processor than on an integrated GPU, and nothing but a trial tells.

mod contender;
mod figures;
mod memory;

pub use contender::{Contender, Timed, Untimed};
pub use figures::{Figure, Trial};
pub use memory::TrialMemory;

use crate::Prepared;
use crate::engine_choice::choose_engine;
use contender::OnDevice;
use fude_engine::{
    Candidates, Device, DeviceChoice, DeviceError, DeviceKind, DeviceOptions, EngineKind, choose_device,
};
use fude_record::Experiment;
use std::time::Duration;

/// What all trials of a run may take together, opening the devices aside.
const BUDGET: Duration = Duration::from_millis(800);

/// What is to be trained, and what may be taken for it.
pub struct TrialRequest<'a> {
    /// The experiment, fitted to its data.
    pub experiment: &'a Experiment,
    /// Its data.
    pub data: &'a Prepared,
    /// The engine that was asked for.
    pub engine: Option<EngineKind>,
    /// Whether software adapters count as GPUs.
    pub allow_software: bool,
}

/// The device that a run takes, and how that was found.
pub struct Tried {
    /// The device, why, and what should not be overlooked.
    pub choice: DeviceChoice,
    /// What was measured; none where there was nothing to choose from.
    pub trial: Option<Trial>,
}

/// The fastest device of this machine for a model. Without a GPU nothing is tried.
///
/// # Errors
/// No device can be opened.
pub fn choose_by_trial(request: &TrialRequest<'_>, memory: Option<&TrialMemory>) -> Result<Tried, DeviceError> {
    if request.experiment.prune.is_some() {
        let why = "weights are pruned on the CPU alone".to_owned();
        return Ok(Tried { choice: DeviceChoice { device: Device::cpu(), why, warning: None }, trial: None });
    }
    let candidates = Candidates::of_this_machine(request.allow_software);
    if let Some(choice) = candidates.only_cpu() {
        return Ok(Tried { choice, trial: None });
    }
    let on_cpu = request.engine.unwrap_or_else(|| choose_engine(&Device::cpu(), request.experiment, request.data).0);
    if on_cpu == EngineKind::Burn {
        return untimed(request.allow_software);
    }
    let machine = machine(&candidates);
    let mut contenders: Vec<OnDevice> =
        candidates.devices.into_iter().map(|candidate| OnDevice::new(candidate, request)).collect();
    let mut dynamic: Vec<&mut dyn Contender> = contenders.iter_mut().map(|c| c as &mut dyn Contender).collect();
    let (index, trial) = fastest(&mut dynamic, &machine, &work(request), memory, BUDGET);
    let mut warning = trial.warning();
    let device = match contenders.swap_remove(index).into_device() {
        Ok(device) => device,
        Err(error) => {
            // Remembered as the fastest, and now it does not open.
            warning = Some(format!("{error}; training on the CPU"));
            Device::cpu()
        }
    };
    let choice = DeviceChoice { device, why: trial.why(), warning };
    Ok(Tried { choice, trial: Some(trial) })
}

/// Burn tunes its kernels for a minute before it runs at its pace on a GPU: no short trial says anything.
fn untimed(allow_software: bool) -> Result<Tried, DeviceError> {
    let mut choice = choose_device(&DeviceOptions { allow_software, ..DeviceOptions::default() })?;
    if choice.device.kind() == DeviceKind::Gpu {
        choice.why += "; not timed against the CPU, for engine 'burn' tunes itself too long for that";
    }
    Ok(Tried { choice, trial: None })
}

/// The fastest of several: by memory, or else by a trial, which is then remembered. Where none could be timed, the last.
pub fn fastest(
    contenders: &mut [&mut dyn Contender],
    machine: &str,
    work: &str,
    memory: Option<&TrialMemory>,
    budget: Duration,
) -> (usize, Trial) {
    if let Some(trial) = memory.and_then(|memory| memory.find(machine, work))
        && let Some(winner) = trial.winner()
        && let Some(index) = contenders.iter().position(|contender| contender.name() == winner.device)
    {
        return (index, Trial { remembered: true, ..trial });
    }
    let share = budget / contenders.len().max(1) as u32;
    let figures: Vec<Figure> = contenders.iter_mut().map(|contender| Figure::of(*contender, share)).collect();
    let trial = Trial::new(machine, work, figures);
    // What went wrong may go right another time.
    if let Some(memory) = memory.filter(|_| trial.is_complete()) {
        memory.remember(&trial);
    }
    let winner = trial.winner().map(|figure| &figure.device);
    let last = contenders.len().saturating_sub(1);
    let index = contenders.iter().position(|contender| Some(contender.name()) == winner.map(String::as_str));
    (index.unwrap_or(last), trial)
}

/// What a trial's figures hold for: the devices with their drivers.
pub fn machine(candidates: &Candidates) -> String {
    let describe = |candidate: &fude_engine::Candidate| format!("{} ({})", candidate.name, candidate.detail);
    candidates.devices.iter().map(describe).collect::<Vec<_>>().join("; ")
}

/// What decides how long a step takes: the network, the batch, and what else a step does.
fn work(request: &TrialRequest<'_>) -> String {
    let Experiment { model, train, augment, .. } = request.experiment;
    let mut words = vec![model.shape(), model.activation.name().to_owned()];
    let mut add = |is: bool, word: &str| words.extend(is.then(|| word.to_owned()));
    add(model.normalization != fude_model::Normalization::None, "normalisation");
    add(model.residual, "residual");
    add(model.dropout > 0.0, "dropout");
    add(augment.is_some(), "augmentation");
    add(train.mixup > 0.0, "mixup");
    add(train.ema.is_some(), "average");
    add(train.clip_norm.is_some(), "clipping");
    words.push(format!("batch {}", train.batch));
    words.extend(request.engine.map(|engine| format!("engine {engine}")));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that does not exist.
    struct Fake {
        name: &'static str,
        kind: DeviceKind,
        step: Result<f64, Untimed>,
        asked: u32,
    }

    impl Fake {
        fn gpu(step: Result<f64, Untimed>) -> Self {
            Self { name: "slow GPU", kind: DeviceKind::Gpu, step, asked: 0 }
        }

        fn cpu() -> Self {
            Self { name: "quick CPU", kind: DeviceKind::Cpu, step: Ok(0.5e-3), asked: 0 }
        }
    }

    impl Contender for Fake {
        fn name(&self) -> &str {
            self.name
        }

        fn kind(&self) -> DeviceKind {
            self.kind
        }

        fn time(&mut self, budget: Duration) -> Result<Timed, Untimed> {
            assert_eq!(budget, BUDGET / 2);
            self.asked += 1;
            let step_seconds = self.step.clone()?;
            Ok(Timed { engine: "fused".into(), step_seconds })
        }
    }

    fn choose(gpu: &mut Fake, cpu: &mut Fake, memory: Option<&TrialMemory>) -> (usize, Trial) {
        fastest(&mut [gpu, cpu], "this machine", "784-128-10", memory, BUDGET)
    }

    #[test]
    fn a_gpu_that_loses_to_the_cpu_is_not_taken_and_both_figures_are_said() {
        let (index, trial) = choose(&mut Fake::gpu(Ok(2e-3)), &mut Fake::cpu(), None);
        assert_eq!((index, trial.remembered, trial.warning()), (1, false, None));
        assert_eq!(trial.why(), "0.500 ms a step in a short trial; the gpu slow GPU took 2.000 ms");
        assert_eq!(choose(&mut Fake::gpu(Ok(1e-4)), &mut Fake::cpu(), None).0, 0);
    }

    #[test]
    fn what_was_tried_once_is_remembered_and_forgotten_on_demand() {
        let folder = tempfile::tempdir().unwrap();
        let memory = TrialMemory::in_folder(folder.path());
        let (mut gpu, mut cpu) = (Fake::gpu(Ok(2e-3)), Fake::cpu());
        let (_, first) = choose(&mut gpu, &mut cpu, Some(&memory));
        let (index, second) = choose(&mut gpu, &mut cpu, Some(&memory));
        assert_eq!((index, gpu.asked, cpu.asked), (1, 1, 1));
        assert_eq!(second, Trial { remembered: true, ..first });
        assert!(second.why().ends_with("; remembered"), "{}", second.why());
        let mut both: [&mut dyn Contender; 2] = [&mut gpu, &mut cpu];
        fastest(&mut both, "this machine", "784-256-10", Some(&memory), BUDGET);
        fastest(&mut both, "another machine", "784-128-10", Some(&memory), BUDGET);
        assert_eq!(memory.trials().len(), 3);
        memory.forget().unwrap();
        memory.forget().unwrap();
        choose(&mut gpu, &mut cpu, Some(&memory));
        assert_eq!(cpu.asked, 4);
    }

    #[test]
    fn a_gpu_that_fails_is_not_taken_is_told_of_and_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let memory = TrialMemory::in_folder(folder.path());
        let (mut gpu, mut cpu) = (Fake::gpu(Err(Untimed::Failed("it is lost".into()))), Fake::cpu());
        for asked in 1..3 {
            let (index, trial) = choose(&mut gpu, &mut cpu, Some(&memory));
            assert_eq!((index, gpu.asked, trial.remembered), (1, asked, false));
            assert_eq!(trial.warning().as_deref(), Some("the gpu slow GPU was not timed: it is lost"));
        }
        assert!(memory.trials().is_empty());
    }

    #[test]
    fn a_gpu_that_no_short_trial_suits_is_named_without_a_warning() {
        let (index, trial) = choose(&mut Fake::gpu(Err(Untimed::Unsuited("it tunes".into()))), &mut Fake::cpu(), None);
        assert_eq!((index, trial.warning()), (1, None));
        assert!(trial.why().ends_with("; the gpu slow GPU was not timed: it tunes"), "{}", trial.why());
    }

    #[test]
    fn a_gpu_that_no_short_trial_suits_does_not_have_the_cpu_timed_in_every_run() {
        let folder = tempfile::tempdir().unwrap();
        let memory = TrialMemory::in_folder(folder.path());
        let (mut gpu, mut cpu) = (Fake::gpu(Err(Untimed::Unsuited("it tunes".into()))), Fake::cpu());
        choose(&mut gpu, &mut cpu, Some(&memory));
        let (index, trial) = choose(&mut gpu, &mut cpu, Some(&memory));
        assert_eq!((index, trial.remembered, gpu.asked, cpu.asked), (1, true, 1, 1));
    }

    #[test]
    fn a_damaged_memory_is_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let memory = TrialMemory::in_folder(folder.path());
        choose(&mut Fake::gpu(Ok(2e-3)), &mut Fake::cpu(), Some(&memory));
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        for damage in ["", "{", "[]", "{\"schema\": 99, \"trials\": []}", "{\"schema\": 1, \"trials\": [{}]}"] {
            std::fs::write(&path, damage).unwrap();
            let mut cpu = Fake::cpu();
            assert_eq!(choose(&mut Fake::gpu(Ok(2e-3)), &mut cpu, Some(&memory)).0, 1, "{damage}");
            assert_eq!((cpu.asked, memory.trials().len()), (1, 1), "{damage}");
        }
    }
}
