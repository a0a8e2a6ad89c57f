//! The kernels of a step on one thread, each to be timed by itself.

use super::adam::AdamStep;
use super::share::Share;
use super::simd::Level;
use super::step::{Recipe, Step};
use super::update::Then;
use super::warp::Warp;
use super::weights::{Keeps, Weights};
use super::workspace::Workspace;
use crate::parts::{Amount, StepOf, StepPart};
use crate::{EpochPlan, OptimizerSpec};
use fude_data::Split;
use fude_model::initialise;
use fude_random::philox4x32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that a step works with.
struct Setup {
    of: StepOf,
    images: Split,
    /// Kept for as long as the program runs, as the warp uses it: whoever times parts does nothing else.
    plan: &'static EpochPlan,
    warp: Option<Warp<'static>>,
    weights: Weights,
    work: Workspace,
}

impl Setup {
    fn new(of: &StepOf) -> Self {
        let plan = EpochPlan::new(0, 0, of.batch as u32, (0..of.batch as u32).collect(), vec![1e-3]);
        let plan: &EpochPlan = Box::leak(Box::new(EpochPlan { augmentation: of.augmentation.clone(), ..plan }));
        let images = images(of);
        let warp = Warp::of_plan(plan, &images);
        let parameters = initialise(&of.model, 0);
        let keeps = Keeps { average: false, gradient: of.clip_norm.is_some() };
        let weights = Weights::new(&parameters.layout, &parameters.values, keeps);
        let work = Workspace::new(&of.model, of.batch);
        let setup = Self { of: of.clone(), images, plan, warp, weights, work };
        // What a kernel reads is what it reads in training.
        setup.with(|step| step.samples(Share::WHOLE));
        setup
    }

    fn with(&self, run: impl FnOnce(&Step)) {
        let Self { of, images, plan, warp, weights, work } = self;
        let (level, smoothing, clip_norm) = (Level::best(), 0.1, of.clip_norm);
        let recipe = Recipe { level, train: images, model: &of.model, smoothing, clip_norm };
        run(&Step { recipe: &recipe, layers: &weights.layers, work, plan, warp: warp.as_ref(), step: 0 });
    }
}

/// A batch with ink on a third of the pixels, as characters have.
fn images(of: &StepOf) -> Split {
    let ([height, width], outputs) = (of.image, of.model.outputs);
    let word = |index: usize| philox4x32([index as u32, 0, 0, 0], [1, 2])[0];
    let pixels = (0..of.batch * height * width).map(|index| word(index).to_le_bytes()[0].saturating_sub(170) * 3);
    let labels = (0..of.batch).map(|index| (index % outputs) as u8).collect();
    Split { pixels: pixels.collect(), labels, height, width }
}

/// One part at a time: all of them work on the same buffers.
fn lock(setup: &Mutex<Setup>) -> MutexGuard<'_, Setup> {
    setup.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The kernels of a step, in their order.
pub(in crate::fused) fn parts(of: &StepOf) -> Vec<StepPart> {
    let setup = Arc::new(Mutex::new(Setup::new(of)));
    let (batch, widths) = (of.batch, of.model.widths());
    let layers = widths.len() - 1;
    let adam = AdamStep::new(&OptimizerSpec::default(), None, 1e-3, 1);
    let mut parts = Vec::new();
    let mut part = |name: &str, layer: usize, amount: Amount, kernel: Box<dyn Fn(&Step) + Send>| {
        let (own, prepared) = (Arc::clone(&setup), Arc::clone(&setup));
        let prepare = move || lock(&prepared).with(|step| step.samples(Share::WHOLE));
        let run = move |times| {
            lock(&own).with(|step| (0..times).for_each(|_| kernel(step)));
            Ok(())
        };
        parts.push(StepPart::new((name, layer), amount, prepare, run));
    };
    let images = if of.augmentation.is_some() { "deform" } else { "gather" };
    part(images, 0, Amount::images(of), Box::new(move |step| step.gather(0..batch)));
    for layer in 0..layers {
        let (inputs, outputs) = (widths[layer] + 1, widths[layer + 1]);
        let amount = Amount::product(batch, inputs, outputs);
        part("forward", layer, amount, Box::new(move |step| step.linear(layer, 0..batch)));
        if layer + 1 < layers {
            part("hidden", layer, Amount::hidden(batch * outputs), Box::new(move |step| step.hide(layer, 0..batch)));
        }
    }
    let logits = Amount::loss(batch * of.model.outputs);
    part("loss", layers - 1, logits, Box::new(move |step| step.loss(0..batch)));
    for layer in (1..layers).rev() {
        let amount = Amount::product(batch, widths[layer + 1], widths[layer]);
        part("backward", layer, amount, Box::new(move |step| step.backward(layer, 0..batch)));
    }
    let (update, then) = match of.clip_norm {
        Some(_) => ("gradient", Then::Store),
        None => ("update", Then::Adam(adam)),
    };
    for layer in 0..layers {
        let (inputs, outputs) = (widths[layer] + 1, widths[layer + 1]);
        let amount = match then {
            Then::Store => Amount::product(inputs, batch, outputs),
            Then::Adam(_) => Amount::update(batch, inputs, outputs),
        };
        part(update, layer, amount, Box::new(move |step| step.gradient(layer, 0..inputs, then)));
        if let Then::Store = then {
            let amount = Amount::adam(inputs * outputs);
            part("adam", layer, amount, Box::new(move |step| step.apply(layer, 0..inputs, 1.0, adam)));
        }
        if layer > 0 {
            let amount = Amount::moved(inputs * outputs);
            part("transpose", layer, amount, Box::new(move |step| step.transpose(layer, 0..inputs)));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Augmentation;
    use fude_model::MlpConfig;

    #[test]
    fn every_kernel_of_a_step_runs_by_itself_and_says_what_it_does() {
        let model = MlpConfig { inputs: 35, hidden: vec![20, 9], outputs: 4, dropout: 0.1, ..MlpConfig::default() };
        let augmentation = Some(Augmentation { elastic: 1.0, elastic_sigma: 3.0, ..Augmentation::default() });
        let of = StepOf { model, batch: 17, image: [5, 7], augmentation, clip_norm: Some(1.0) };
        let moves = |name: &str| name.starts_with("transpose") || name.starts_with("gather");
        let names = |of: &StepOf| -> Vec<String> {
            let run = |mut part: StepPart| {
                part.run(2).unwrap();
                assert!(part.bytes > 0.0 && (part.flops > 0.0 || moves(&part.name)), "{}", part.name);
                part.name
            };
            parts(of).into_iter().map(run).collect()
        };
        let layers =
            |kernel: &str| format!("{kernel} 0, {kernel} 1, {kernel} 2").split(", ").map(str::to_owned).collect();
        let has = |names: &[String], wanted: Vec<String>| wanted.iter().all(|name| names.contains(name));
        let clipped = names(&of);
        assert!(clipped[0] == "deform 0" && has(&clipped, layers("gradient")) && has(&clipped, layers("adam")));
        let plain = names(&StepOf { augmentation: None, clip_norm: None, ..of });
        assert!(plain[0] == "gather 0" && has(&plain, layers("update")) && has(&plain, layers("forward")));
    }
}
