//! An epoch's plan from an experiment: the order of the images, the learning rate of each step, deformations, mixup.

use crate::mixup::share;
use fude_engine::{Augmentation, EpochPlan};
use fude_random::{Stream, shuffle};
use fude_record::{AugmentConfig, Experiment, Schedule, TrainConfig};
use std::f64::consts::PI;

/// The plan of `epoch` (from 0) over `n` training images.
pub fn epoch_plan(experiment: &Experiment, epoch: u32, n: usize) -> EpochPlan {
    let train = &experiment.train;
    let steps = n.div_ceil(train.batch as usize) as u64;
    let first = u64::from(epoch) * steps;
    let permutation = shuffle(train.seed, Stream::Shuffle, epoch, n);
    let rate = |step| learning_rate(train, step, steps * u64::from(train.epochs)) as f32;
    let rates = (first..first + steps).map(rate).collect();
    let mixed = if train.mixup > 0.0 { steps as u32 } else { 0 };
    EpochPlan {
        augmentation: experiment.augment.as_ref().map(|augment| {
            let strength = augment.strength(epoch, train.epochs);
            augmentation(augment).scaled(strength as f32)
        }),
        mixup: (0..mixed).map(|step| share(train.mixup, train.seed, epoch, step)).collect(),
        ..EpochPlan::new(epoch, train.seed, train.batch, permutation, rates)
    }
}

/// An experiment's deformations at full strength, as engines take them.
pub fn augmentation(config: &AugmentConfig) -> Augmentation {
    Augmentation {
        rotation: config.rotation as f32,
        scale: config.scale as f32,
        shear: config.shear as f32,
        shift: config.shift as f32,
        mirror: config.mirror as f32,
        elastic: config.elastic as f32,
        elastic_sigma: config.elastic_sigma as f32,
        thickness: config.thickness as f32,
        erase: config.erase as f32,
        erase_size: config.erase_size as f32,
    }
}

/// The learning rate of a step (from 0) of a run with `total` steps: a linear warm-up, then the schedule.
pub fn learning_rate(train: &TrainConfig, step: u64, total: u64) -> f64 {
    let warmup = u64::from(train.warmup_steps);
    let peak = train.learning_rate;
    if step < warmup {
        return peak * (step + 1) as f64 / (warmup + 1) as f64;
    }
    let rest = total.saturating_sub(warmup).max(1) as f64;
    let progress = ((step - warmup) as f64 / rest).min(1.0);
    match train.schedule {
        Schedule::Constant => peak,
        Schedule::Cosine => peak * 0.5 * (1.0 + (PI * progress).cos()),
        Schedule::Linear => peak * (1.0 - progress),
        Schedule::OneCycle => peak * one_cycle(step as f64, total),
    }
}

/// `torch.optim.lr_scheduler.OneCycleLR` with its defaults: pct_start 0.3, div_factor 25, final_div_factor 1e4.
fn one_cycle(step: f64, total: u64) -> f64 {
    const START: f64 = 1.0 / 25.0;
    let top = 0.3 * total as f64 - 1.0;
    let end = total as f64 - 1.0;
    let between = |from: f64, to: f64, progress: f64| to + (from - to) / 2.0 * (1.0 + (PI * progress.min(1.0)).cos());
    if step <= top {
        between(START, 1.0, step / top.max(1.0))
    } else {
        between(1.0, START / 1e4, (step - top) / (end - top).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_rise_in_the_warm_up_and_fall_to_zero() {
        let base = TrainConfig { learning_rate: 1.0, warmup_steps: 9, ..Default::default() };
        for (schedule, middle) in [(Schedule::Constant, 1.0), (Schedule::Cosine, 0.5), (Schedule::Linear, 0.5)] {
            let train = TrainConfig { schedule, ..base.clone() };
            let rate = |step| learning_rate(&train, step, 1009);
            assert!((rate(0) - 0.1).abs() < 1e-12 && (rate(8) - 0.9).abs() < 1e-12);
            assert!((rate(9) - 1.0).abs() < 1e-12);
            assert!((rate(509) - middle).abs() < 1e-12, "{schedule:?}");
            assert!(rate(1008) <= 1.0 && (schedule == Schedule::Constant || rate(1008) < 2e-3));
        }
    }

    /// `OneCycleLR(optimizer, max_lr=1, total_steps=100)` at steps 0, 10, 29, 60 and 99, by PyTorch's formula `end + (start -
    /// end) / 2 * (1 + cos(pi * progress))` with phases that end at steps 29 and 99.
    #[test]
    fn one_cycle_is_pytorch_s() {
        let train = TrainConfig { learning_rate: 1.0, schedule: Schedule::OneCycle, ..Default::default() };
        let expected = [(0, 0.04), (10, 0.295_164), (29, 1.0), (60, 0.589_280), (99, 4e-6)];
        for (step, rate) in expected {
            let got = learning_rate(&train, step, 100);
            assert!((got - rate).abs() < 1e-4, "step {step}: {got}, expected {rate}");
        }
    }

    #[test]
    fn a_plan_depends_on_seed_and_epoch_alone() {
        let text = "name = \"x\"\ndataset = \"kana\"\n[train]\nbatch = 10\nmixup = 0.2\n[augment]\nshift = 2.0\nramp_epochs = 7\n";
        let experiment = Experiment::parse(text, "e.toml", &[]).unwrap();
        let plan = epoch_plan(&experiment, 3, 95);
        assert_eq!(plan, epoch_plan(&experiment, 3, 95));
        assert_ne!(plan.permutation, epoch_plan(&experiment, 4, 95).permutation);
        assert_eq!(plan.augmentation.as_ref().map(|ranges| ranges.shift), Some(1.0));
        assert_eq!(plan.mixup.len(), 10);
        assert_eq!((plan.steps(), plan.learning_rate.len()), (10, 10));
    }
}
