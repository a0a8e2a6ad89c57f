//! The dispatches of a step, each to be timed by itself.

use super::case::CheckCase;
use super::stage::Stage;
use crate::fused::gpu::schedule::{Dispatch, Work};
use crate::parts::{Amount, StepOf, StepPart};
use crate::{Device, EngineError};
use std::sync::{Arc, Mutex, PoisonError};

/// The dispatches of a step, in their order.
pub(in crate::fused) fn parts(device: &Device, of: &StepOf) -> Result<Vec<StepPart>, EngineError> {
    let StepOf { model, batch, image, augmentation, clip_norm } = of.clone();
    let plain = CheckCase::new(model.inputs, &model.hidden, model.outputs, batch, batch);
    // Kept for as long as the program runs: whoever times parts does nothing else.
    let case: &'static CheckCase = Box::leak(Box::new(CheckCase { model, image, augmentation, clip_norm, ..plain }));
    let stage = Stage::new(device, case)?;
    let dispatches = stage.dispatches()?;
    let stage = Arc::new(Mutex::new(stage));
    let part = |(number, dispatch): (usize, &Dispatch)| {
        let stage = Arc::clone(&stage);
        let run = move |times| stage.lock().unwrap_or_else(PoisonError::into_inner).repeat(number, times);
        StepPart::new((dispatch.work.name(), dispatch.layer), amount(of, dispatch), || (), run)
    };
    Ok(dispatches.iter().enumerate().map(part).collect())
}

/// How much a dispatch does.
fn amount(of: &StepOf, dispatch: &Dispatch) -> Amount {
    let (batch, widths) = (of.batch, of.model.widths());
    let layers = widths.len() - 1;
    let all = |amount: &dyn Fn(usize, usize) -> Amount, range: std::ops::Range<usize>| {
        range.fold(Amount::default(), |sum, layer| sum.and(amount(widths[layer] + 1, widths[layer + 1])))
    };
    let forward = |inputs, outputs| Amount::product(batch, inputs, outputs);
    let back = |inputs: usize, outputs| Amount::product(batch, outputs, inputs - 1);
    let hidden = |_, outputs| Amount::hidden(batch * outputs);
    let layer = dispatch.layer;
    match dispatch.work {
        Work::Deform => Amount::images(of),
        Work::ForwardImages | Work::Forward => all(&forward, layer..layer + 1),
        Work::Hidden | Work::Normalize => all(&hidden, layer..layer + 1),
        Work::Backward => all(&back, layer..layer + 1),
        Work::Tail => {
            let products = all(&forward, layer..layers).and(all(&back, layer..layers));
            products.and(all(&hidden, layer - 1..layers - 1)).and(Amount::loss(batch * of.model.outputs))
        }
        Work::Logits => all(&forward, layer..layers),
        Work::Update => all(&|inputs, outputs| Amount::update(batch, inputs, outputs), 0..layers),
        Work::Gradient => all(&|inputs, outputs| Amount::product(inputs, batch, outputs), 0..layers),
        Work::Adam => all(&|inputs, outputs| Amount::adam(inputs * outputs), 0..layers),
    }
}
