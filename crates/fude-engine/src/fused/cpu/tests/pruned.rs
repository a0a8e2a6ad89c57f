//! Pruned weights stay exactly 0, and the others never know.

use super::*;
use crate::{Engine, TrainState};
use fude_model::Normalization;

const IMAGES: usize = 203;
const TENSORS: [&str; 4] =
    [TrainState::PARAMETERS, TrainState::FIRST_MOMENT, TrainState::SECOND_MOMENT, TrainState::EMA];

fn network() -> MlpConfig {
    MlpConfig { normalization: Normalization::Layer, ..model(35, &[33, 16], Activation::Gelu, 0.2) }
}

/// Every third parameter, biases among them: the engine holds whatever it is told to.
fn mask(length: usize) -> Vec<f32> {
    (0..length).map(|index| if index % 3 == 1 { 0.0 } else { 1.0 }).collect()
}

/// An engine with these masks, before its first step.
fn pruned(threads: usize, spec: EngineSpec) -> CpuEngine {
    let mut engine = engine(threads, Level::best(), spec);
    let mut state = engine.state(0).unwrap();
    let mask = mask(network().layout().parameters());
    for tensor in state.tensors.values_mut() {
        fude_model::apply_mask(&mut tensor.values, &mask);
    }
    state.put(TrainState::MASK, mask);
    engine.load_state(0, &state).unwrap();
    engine
}

fn specs(images: &Arc<Split>) -> Vec<EngineSpec> {
    let plain = || spec(&network(), images, &[4]);
    let decoupled = OptimizerSpec { weight_decay: 0.1, decoupled: true, ..adam() };
    vec![
        plain(),
        EngineSpec { optimizer: decoupled, ema_decay: Some(0.9), ..plain() },
        EngineSpec { clip_norm: Some(0.05), ema_decay: Some(0.9), ..plain() },
    ]
}

#[test]
fn pruned_weights_stay_exactly_zero_whatever_the_optimiser_does() {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    for (case, spec) in specs(&images).into_iter().enumerate() {
        let mut engine = pruned(2, spec);
        let before = engine.state(0).unwrap();
        let plan = [plan(4, IMAGES, 32)];
        engine.train(&plan, 0..plan[0].steps(), &mut ()).unwrap();
        let after = engine.state(0).unwrap();
        let length = network().layout().parameters();
        let mask = after.vector(TrainState::MASK, length).unwrap();
        assert_eq!(mask, before.vector(TrainState::MASK, length).unwrap());
        for name in TENSORS.into_iter().filter(|&name| after.tensors.contains_key(name)) {
            let values = after.vector(name, length).unwrap();
            let zero = |index: &usize| values[*index].to_bits() == 0;
            assert!((0..length).filter(|&index| mask[index] == 0.0).all(|index| zero(&index)), "case {case}: {name}");
            let alive = (0..length).filter(|&index| mask[index] != 0.0);
            assert!(alive.clone().filter(zero).count() < alive.count() / 20, "case {case}: {name} is trained");
        }
    }
}

#[test]
fn a_step_gives_weights_that_are_left_the_bits_of_a_step_without_masks() {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    let mut masked = pruned(2, spec(&network(), &images, &[4]));
    let mut state = masked.state(0).unwrap();
    state.tensors.remove(TrainState::MASK);
    let mut free = engine(2, Level::best(), spec(&network(), &images, &[4]));
    free.load_state(0, &state).unwrap();
    let plan = [plan(4, IMAGES, 32)];
    for engine in [&mut masked, &mut free] {
        engine.train(&plan, 0..1, &mut ()).unwrap();
    }
    let (masked, free) = (masked.state(0).unwrap(), free.state(0).unwrap());
    for (name, tensor) in &free.tensors {
        let mask = mask(tensor.values.len());
        let mut expected = tensor.values.clone();
        fude_model::apply_mask(&mut expected, &mask);
        assert_eq!(masked.vector(name, mask.len()).unwrap(), expected, "{name}");
    }
}

#[test]
fn the_norm_that_is_clipped_is_of_the_weights_that_are_left() {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    let optimizer = OptimizerSpec { weight_decay: 0.0, ..adam() };
    let spec = EngineSpec { clip_norm: Some(0.01), optimizer, ..spec(&network(), &images, &[4]) };
    let mut engine = pruned(2, spec);
    engine.train(&[plan(4, IMAGES, 32)], 0..1, &mut ()).unwrap();
    let first = engine.state(0).unwrap().tensors.remove(TrainState::FIRST_MOMENT).unwrap().values;
    let norm = wide(&first).iter().map(|m| (m / 0.1).powi(2)).sum::<f64>().sqrt();
    assert!((norm / 0.01 - 1.0).abs() < 1e-3, "{norm}");
}

#[test]
fn masks_go_on_with_a_saved_state_to_the_same_bits_for_any_number_of_threads() {
    let images = Arc::new(split(IMAGES, 7, 5, 10));
    let plan = [plan(4, IMAGES, 32)];
    for case in 0..3 {
        let whole = |threads| {
            let mut engine = pruned(threads, specs(&images).swap_remove(case));
            engine.train(&plan, 0..7, &mut ()).unwrap();
            engine.state(0).unwrap()
        };
        let expected = whole(1);
        assert!(whole(3) == expected, "case {case}");
        let mut first = pruned(2, specs(&images).swap_remove(case));
        first.train(&plan, 0..3, &mut ()).unwrap();
        let mut second = engine(2, Level::best(), specs(&images).swap_remove(case));
        second.load_state(0, &first.state(0).unwrap()).unwrap();
        second.train(&plan, 3..7, &mut ()).unwrap();
        assert!(second.state(0).unwrap() == expected, "case {case}");
        // A state without a mask takes it away.
        let mut without = expected.clone();
        without.tensors.remove(TrainState::MASK);
        second.load_state(0, &without).unwrap();
        assert!(second.state(0).unwrap() == without);
    }
}

#[test]
fn a_mask_of_another_length_is_refused_and_changes_nothing() {
    let images = Arc::new(split(9, 7, 5, 10));
    let mut engine = engine(1, Level::best(), spec(&network(), &images, &[1]));
    let before = engine.state(0).unwrap();
    let mut wrong = before.clone();
    wrong.put(TrainState::PARAMETERS, vec![0.0; network().layout().parameters()]);
    wrong.put(TrainState::MASK, vec![0.0; 3]);
    assert!(engine.load_state(0, &wrong).is_err());
    assert!(engine.state(0).unwrap() == before);
}
