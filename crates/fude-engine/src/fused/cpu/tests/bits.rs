//! What must be equal to the bit.

use super::*;
use crate::{Augmentation, Control, Engine, Flow, TrainState};
use fude_model::Normalization;

const IMAGES: usize = 203;

/// State after an epoch in one go.
fn trained(threads: usize, level: Level, config: &MlpConfig, seeds: &[u32]) -> Vec<TrainState> {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    let mut plans: Vec<_> = seeds.iter().map(|&seed| plan(seed, IMAGES, 32)).collect();
    let mut spec = spec(config, &images, seeds);
    if config.normalization == Normalization::Layer {
        // With it all else that a step can do.
        (spec.ema_decay, spec.clip_norm) = (Some(0.9), Some(0.05));
        for plan in &mut plans {
            let ranges = Augmentation { rotation: 10.0, elastic: 0.5, elastic_sigma: 3.0, ..Default::default() };
            plan.augmentation = Some(ranges);
            plan.mixup = vec![0.8; plan.steps() as usize];
        }
    }
    let mut engine = engine(threads, level, spec);
    engine.train(&plans, 0..plans[0].steps(), &mut ()).unwrap();
    (0..seeds.len()).map(|model| engine.state(model).unwrap()).collect()
}

fn networks() -> [MlpConfig; 3] {
    let plain = model(35, &[33, 16], Activation::Gelu, 0.2);
    let residual = MlpConfig { hidden: vec![33, 33, 16, 16], residual: true, ..plain.clone() };
    [MlpConfig { normalization: Normalization::Layer, ..plain.clone() }, plain, residual]
}

#[test]
fn a_second_run_and_any_number_of_threads_give_the_same_bits() {
    for level in Level::available() {
        for network in networks() {
            let once = trained(1, level, &network, &[4]);
            for threads in [1, 2, 3, 4, 40] {
                assert!(trained(threads, level, &network, &[4]) == once, "{level:?}, {threads} threads");
            }
        }
    }
}

#[test]
fn levels_that_fuse_multiply_and_add_give_the_same_bits() {
    let mut fusing = Level::available();
    fusing.retain(|&level| level != Level::Portable);
    for network in networks() {
        let all: Vec<_> = fusing.iter().map(|&level| trained(2, level, &network, &[4])).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{network:?}");
    }
}

#[test]
fn models_trained_at_once_have_the_bits_of_each_alone() {
    let seeds = [4, 9, 2];
    for network in networks() {
        let alone: Vec<_> = seeds.iter().flat_map(|&seed| trained(2, Level::best(), &network, &[seed])).collect();
        // One thread a model, more models than threads, and more threads than models.
        for threads in [3, 2, 1, 4] {
            assert!(trained(threads, Level::best(), &network, &seeds) == alone, "{threads} threads");
        }
    }
}

/// Returns to the caller after a step.
struct StopAt(u32);

impl Control for StopAt {
    fn boundary(&mut self, step: u32) -> Flow {
        if step == self.0 { Flow::Return } else { Flow::Continue }
    }
}

#[test]
fn a_state_saved_within_an_epoch_goes_on_to_the_same_bits() {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    let plan = [plan(4, IMAGES, 32)];
    let mut first = engine(2, Level::best(), spec(&networks()[1], &images, &[4]));
    let progressed = first.train(&plan, 0..7, &mut StopAt(3)).unwrap();
    assert_eq!((progressed.steps_done, progressed.totals[0].samples), (3, 96));
    let saved = first.state(0).unwrap();
    let mut second = engine(2, Level::best(), spec(&networks()[1], &images, &[8]));
    second.load_state(0, &saved).unwrap();
    let resumed = second.train(&plan, 3..7, &mut ()).unwrap();
    assert_eq!(resumed.totals[0].samples, IMAGES as u64);
    assert!(second.state(0).unwrap() == trained(2, Level::best(), &networks()[1], &[4])[0]);
}

#[test]
fn a_state_of_another_shape_is_refused_and_changes_nothing() {
    let images = Arc::new(split(9, 7, 5, 10));
    let mut engine = engine(1, Level::best(), spec(&networks()[1], &images, &[1]));
    let before = engine.state(0).unwrap();
    let mut wrong = before.clone();
    wrong.put(TrainState::SECOND_MOMENT, vec![0.0; 3]);
    assert!(engine.load_state(0, &wrong).is_err());
    assert!(engine.state(0).unwrap() == before);
}

/// Panics when asked.
struct Panics;

impl Control for Panics {
    fn boundary(&mut self, _step: u32) -> Flow {
        panic!("asked");
    }
}

#[test]
fn a_panic_of_the_caller_s_control_reaches_the_caller() {
    let images = Arc::new(split(64, 7, 5, 10));
    let mut engine = engine(3, Level::best(), spec(&networks()[1], &images, &[1]));
    let plan = [plan(1, 64, 8)];
    let attempt = std::panic::AssertUnwindSafe(|| engine.train(&plan, 0..8, &mut Panics));
    assert!(std::panic::catch_unwind(attempt).is_err());
    assert!(engine.train(&plan, 1..8, &mut ()).is_ok(), "and the workers are ready for more");
}
