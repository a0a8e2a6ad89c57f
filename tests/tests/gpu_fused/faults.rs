//! What goes wrong on a GPU, and who asks for it: states of other shapes, losses that are no numbers, callers that panic,
//! devices that are lost.

use super::*;
use fude_engine::{Diverged, EngineError};

pub(super) fn wrong_state() -> Result<(), Failed> {
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[5]), &[4], false);
    let before = engine.state(0)?;
    let mut wrong = before.clone();
    wrong.put(TrainState::SECOND_MOMENT, vec![0.0; 3]);
    assert!(engine.load_state(0, &wrong).is_err());
    assert!(engine.state(0)? == before);
    Ok(())
}

pub(super) fn nan_is_found() -> Result<(), Failed> {
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[16]), &[1, 2], false);
    let mut plans = [plan(1, 0), plan(2, 0)];
    // The weights that step 3 makes are infinite: step 4 sees it, the fifth from 1.
    plans[1].learning_rate[3] = f32::INFINITY;
    let progressed = engine.train(&plans, 0..STEPS, &mut ())?;
    let [Diverged { model: 1, epoch: 1, step: 5, .. }] = progressed.diverged[..] else {
        panic!("{progressed:?}");
    };
    // The other goes on, with the bits that it has alone.
    let (mut alone, _) = engine_of(gpu::shared(), &model(&[16]), &[1], false);
    assert_eq!(alone.train(&plans[..1], 0..STEPS, &mut ())?.totals[0], progressed.totals[0]);
    assert!(alone.state(0)? == engine.state(0)?);
    // Of two that both diverge each is told of.
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[16]), &[1, 2], false);
    plans[0].learning_rate[1] = f32::INFINITY;
    let diverged = engine.train(&plans, 0..STEPS, &mut ())?.diverged;
    let told: Vec<(usize, u32)> = diverged.iter().map(|diverged| (diverged.model, diverged.step)).collect();
    assert_eq!(told, [(0, 3), (1, 5)]);
    // Alone it is an error.
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[16]), &[2], false);
    let error = engine.train(&plans[1..], 0..STEPS, &mut ()).expect_err("an error");
    assert!(matches!(error, EngineError::NonFinite { model: 0, epoch: 1, step: 5, .. }), "{error:?}");
    Ok(())
}

/// Notes what it is asked.
struct Notes(Vec<u32>);

impl Control for Notes {
    fn boundary(&mut self, step: u32) -> Flow {
        self.0.push(step);
        Flow::Continue
    }
}

pub(super) fn control_is_obeyed() -> Result<(), Failed> {
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[16]), &[1], false);
    let mut notes = Notes(Vec::new());
    engine.train(&[plan(1, 0)], 0..STEPS, &mut notes)?;
    assert!(!notes.0.is_empty() && notes.0.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", notes.0);
    assert!(notes.0.iter().all(|step| (1..STEPS).contains(step)), "{:?}", notes.0);
    Ok(())
}

/// Panics when asked.
struct Panics;

impl Control for Panics {
    fn boundary(&mut self, _step: u32) -> Flow {
        panic!("asked");
    }
}

pub(super) fn panics_pass() -> Result<(), Failed> {
    let (mut engine, _) = engine_of(gpu::shared(), &model(&[16]), &[1], false);
    let attempt = std::panic::AssertUnwindSafe(|| engine.train(&[plan(1, 0)], 0..STEPS, &mut Panics));
    assert!(std::panic::catch_unwind(attempt).is_err());
    engine.train(&[plan(1, 0)], 0..STEPS, &mut ())?;
    engine.train(&[plan(1, 1)], 0..STEPS, &mut ())?;
    Ok(())
}

/// Destroys the device when asked.
struct Destroys(Device);

impl Control for Destroys {
    fn boundary(&mut self, _step: u32) -> Flow {
        if let Device::Gpu(gpu) = &self.0 {
            gpu.destroy();
        }
        Flow::Continue
    }
}

pub(super) fn destroyed() -> Result<(), Failed> {
    let device = gpu::open();
    let (mut engine, data) = engine_of(&device, &model(&[16]), &[1], false);
    let error = engine.train(&[plan(1, 0)], 0..STEPS, &mut Destroys(device.clone())).expect_err("an error");
    assert!(matches!(error, EngineError::Device(_)), "{error:?}");
    assert!(matches!(engine.logits(0, &data, View::PLAIN), Err(EngineError::Device(_))));
    assert!(matches!(engine.state(0), Err(EngineError::Device(_))));
    Ok(())
}
