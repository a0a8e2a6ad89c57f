//! An epoch's plan from an experiment: the order of the images and the learning rate of each step.

use fude_engine::EpochPlan;
use fude_random::{Stream, shuffle};
use fude_record::{Schedule, TrainConfig};
use std::f64::consts::PI;

/// The plan of `epoch` (from 0) over `n` training images.
pub fn epoch_plan(train: &TrainConfig, epoch: u32, n: usize) -> EpochPlan {
    let steps = n.div_ceil(train.batch as usize) as u64;
    let first = u64::from(epoch) * steps;
    EpochPlan {
        epoch,
        seed: train.seed,
        batch: train.batch,
        permutation: shuffle(train.seed, Stream::Shuffle, epoch, n),
        learning_rate: (first..first + steps)
            .map(|step| learning_rate(train, step, steps * u64::from(train.epochs)) as f32)
            .collect(),
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

    #[test]
    fn a_plan_depends_on_seed_and_epoch_alone() {
        let train = TrainConfig { batch: 10, ..Default::default() };
        let plan = epoch_plan(&train, 3, 95);
        assert_eq!(plan, epoch_plan(&train, 3, 95));
        assert_ne!(plan.permutation, epoch_plan(&train, 4, 95).permutation);
        assert_eq!((plan.steps(), plan.learning_rate.len()), (10, 10));
    }
}
