//! The reference engine: Burn's tensors, autodiff and optimisers on any Burn device.
//!
//! Slow at small sizes (some 40-80 kernel launches a step on a GPU), and right: what `fused` is tested against, and the
//! path for whatever `fused` does not support.

mod average;
mod clip;
mod device;
mod images;
mod model;
mod optimizer;
mod pending;

#[cfg(feature = "gpu")]
pub(crate) use images::PackedImages;

use crate::targets::{mix, targets};
use crate::{
    Control, Determinism, Device, DeviceData, Engine, EngineError, EngineInfo, EngineSpec, EpochPlan, Flow, Logits,
    Progressed, Totals, TrainState, View, Weights,
};
use average::Average;
use burn::tensor::{Device as BurnDevice, Tensor};
use device::{burn_device, detail, guarded, read};
use model::Model;
use optimizer::Optimizer;
use pending::Pending;
use std::ops::Range;

/// Steps between read-backs on a GPU: each stalls it, and a NaN should still be found soon.
const STEPS_PER_READ: usize = 16;
/// Images evaluated at once.
const EVALUATION_BATCH: usize = 1000;

/// Trains M models with Burn, one after the other within each step.
pub(crate) struct BurnEngine {
    info: EngineInfo,
    device: BurnDevice,
    train: DeviceData,
    smoothing: f32,
    clip_norm: Option<f32>,
    models: Vec<Trained>,
    steps_per_read: usize,
}

/// One model with its optimiser and the sums of the running epoch.
struct Trained {
    model: Model,
    optimizer: Optimizer,
    average: Option<Average>,
    totals: Totals,
}

impl BurnEngine {
    pub(crate) fn new(device: &Device, spec: EngineSpec) -> Result<Self, EngineError> {
        let burn_device = burn_device(device)?;
        let autodiff = burn_device.clone().autodiff();
        let models: Vec<Trained> = spec
            .parameters
            .iter()
            .map(|parameters| Trained {
                model: Model::new(&spec.model, parameters, &autodiff),
                optimizer: Optimizer::new(&spec.optimizer, parameters.layout.layers.len()),
                average: spec.ema_decay.map(|decay| Average::new(decay, parameters, &burn_device)),
                totals: Totals::default(),
            })
            .collect();
        let (determinism, steps_per_read) = match device {
            Device::Cpu(_) => (Determinism::Bitwise, 1),
            #[cfg(feature = "gpu")]
            Device::Gpu(_) => (Determinism::Rounding, STEPS_PER_READ),
        };
        let info = EngineInfo {
            engine: "burn",
            device: device.name().to_owned(),
            device_kind: device.kind(),
            detail: detail(device),
            dispatches_per_step: None,
            device_bytes: None,
            determinism,
            models: models.len(),
        };
        Ok(Self {
            info,
            device: autodiff,
            train: spec.train,
            smoothing: spec.label_smoothing,
            clip_norm: spec.clip_norm,
            models,
            steps_per_read,
        })
    }

    /// Forward, backward and update of one model on one batch; the logits stay on the device.
    fn step(&mut self, index: usize, plan: &EpochPlan, step: u32) -> Result<Pending, EngineError> {
        let rows = plan.rows(step);
        let labels = rows.iter().map(|&row| self.train.split.labels[row as usize]);
        let classes = self.train.classes;
        let mut targets = targets(labels, classes, self.smoothing);
        if let Some(own) = plan.mixed(step) {
            targets = mix(&targets, classes, own);
        }
        let soft = plan.teacher.as_ref().map(|teacher| {
            let of_row = |&row: &u32| &teacher.probabilities[row as usize * classes..][..classes];
            (rows.iter().flat_map(of_row).copied().collect::<Vec<f32>>(), teacher.clone())
        });
        let Trained { model, optimizer, average, .. } = &mut self.models[index];
        let inputs = images::step_inputs(&self.train, plan, step, model.input_scale(), &self.device)?;
        let logits = model.forward_training(inputs, plan.seed, plan.epoch, step);
        let mut loss = model.loss(logits.clone(), &targets);
        if let Some((probabilities, teacher)) = &soft {
            let soft = model.teacher_loss(logits.clone(), probabilities, teacher);
            loss = loss.mul_scalar(1.0 - f64::from(teacher.weight)) + soft;
        }
        let mut gradients = loss.backward();
        if let Some(largest) = self.clip_norm {
            clip::clip(model, &mut gradients, largest);
        }
        optimizer.step(model, &mut gradients, plan.learning_rate[step as usize]);
        if let Some(average) = average {
            average.follow(model);
        }
        Ok(Pending { model: index, step, logits: logits.inner(), targets, soft })
    }

    /// Reads pending logits and adds them to the totals.
    fn settle(&mut self, pending: &mut Vec<Pending>, epoch: u32) -> Result<(), EngineError> {
        if pending.is_empty() {
            return Ok(());
        }
        let all = pending.iter().map(|step| step.logits.clone()).collect();
        let values = read(Tensor::cat(all, 0))?;
        let mut rest = values.as_slice();
        for step in pending.drain(..) {
            let (logits, after) = rest.split_at(step.targets.len());
            rest = after;
            let totals = step.totals(logits, self.train.classes);
            if !totals.loss.is_finite() {
                let loss = totals.loss;
                return Err(EngineError::NonFinite { model: step.model, epoch: epoch + 1, step: step.step + 1, loss });
            }
            let sums = &mut self.models[step.model].totals;
            sums.loss += totals.loss;
            sums.correct += totals.correct;
            sums.samples += totals.samples;
        }
        Ok(())
    }

    fn progressed(&self, steps_done: u32) -> Progressed {
        let totals = self.models.iter().map(|model| model.totals).collect();
        Progressed { steps_done, totals, diverged: Vec::new() }
    }

    fn run_steps(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError> {
        if steps.start == 0 {
            self.models.iter_mut().for_each(|model| model.totals = Totals::default());
        }
        let epoch = plans.first().map_or(0, |plan| plan.epoch);
        let mut pending = Vec::new();
        for step in steps.clone() {
            for (index, plan) in plans.iter().enumerate() {
                pending.push(self.step(index, plan, step)?);
            }
            let last = step + 1 == steps.end;
            if last || pending.len() >= self.steps_per_read * plans.len() {
                self.settle(&mut pending, epoch)?;
                if !last && control.boundary(step + 1) == Flow::Return {
                    return Ok(self.progressed(step + 1));
                }
            }
        }
        Ok(self.progressed(steps.end))
    }

    fn evaluate(&self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let Trained { model, average, .. } = &self.models[model];
        let average = average.as_ref().filter(|_| view.weights == Weights::Ema);
        let device = self.device.clone().inner();
        let rows: Vec<u32> = (0..images.len() as u32).collect();
        let mut values = Vec::with_capacity(images.len() * images.classes());
        for batch in rows.chunks(EVALUATION_BATCH) {
            let inputs = images::viewed(images, batch, view, model.input_scale(), &device)?;
            let logits = match average {
                Some(average) => model.forward_with(average.layers(), inputs),
                None => model.forward(inputs),
            };
            values.extend(read(logits)?);
        }
        Ok(Logits { classes: images.classes(), values })
    }
}

impl Engine for BurnEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn train(
        &mut self,
        plans: &[EpochPlan],
        steps: Range<u32>,
        control: &mut dyn Control,
    ) -> Result<Progressed, EngineError> {
        assert_eq!(plans.len(), self.models.len(), "one plan a model");
        guarded(|| self.run_steps(plans, steps, control))
    }

    fn logits(&mut self, model: usize, images: &DeviceData, view: View<'_>) -> Result<Logits, EngineError> {
        let Trained { model: trained, average, .. } = &self.models[model];
        if view.weights == Weights::Ema && average.is_none() {
            return Err(EngineError::Unsupported { engine: "burn", why: "keeps no average of these weights".into() });
        }
        images.require_fit(trained.inputs(), trained.outputs())?;
        guarded(|| self.evaluate(model, images, view))
    }

    fn state(&mut self, model: usize) -> Result<TrainState, EngineError> {
        let Trained { model, optimizer, average, totals } = &self.models[model];
        guarded(|| {
            let mut state = TrainState::new();
            state.put(TrainState::PARAMETERS, model.parameters()?);
            optimizer.save(&mut state, model.layout())?;
            if let Some(average) = average {
                state.put(TrainState::EMA, average.values()?);
            }
            state.put_totals(totals);
            Ok(state)
        })
    }

    fn load_state(&mut self, model: usize, state: &TrainState) -> Result<(), EngineError> {
        let device = self.device.clone();
        let Trained { model, optimizer, average, totals } = &mut self.models[model];
        *totals = state.totals();
        guarded(|| {
            let length = model.layout().parameters();
            let parameters = state.vector(TrainState::PARAMETERS, length)?;
            if let Some(average) = average {
                // A state without an average begins one at its parameters.
                average.load(state.vector(TrainState::EMA, length).unwrap_or(parameters), model.layout());
            }
            model.load(parameters, &device);
            optimizer.load(state, model.layout(), &device.inner())
        })
    }
}
