//! Finding a learning rate: one short training in which it rises from step to step until the loss diverges.
//!
//! Smith 2017 ("Cyclical Learning Rates for Training Neural Networks"), with fastai's suggestions. Only training images
//! are looked at, and nothing is kept.

use crate::engine_choice::choose_engine;
use crate::request::engine_spec;
use crate::teachers::Teachers;
use crate::{StopFlag, TrainError, TrainRequest, epoch_plan};
use fude_engine::{DeviceData, Engine, EngineError, Totals};
use fude_model::initialise;

/// How the learning rate rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrRange {
    /// The first step's.
    pub from: f64,
    /// The last step's.
    pub to: f64,
    /// Steps in all.
    pub steps: u32,
}

impl LrRange {
    /// The rate of a step (from 0): each is the one before times the same factor.
    pub fn rate(&self, step: u32) -> f64 {
        let share = f64::from(step) / f64::from(self.steps.saturating_sub(1).max(1));
        self.from * (self.to / self.from).powf(share)
    }
}

/// A step of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrStep {
    /// Its learning rate.
    pub rate: f64,
    /// Its batch's mean loss before the update, in nats.
    pub loss: f64,
    /// The loss smoothed over neighbouring steps.
    pub smoothed: f64,
}

/// What the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct LrFound {
    /// The steps up to where it ended.
    pub steps: Vec<LrStep>,
    /// Whether the loss diverged before the last rate was reached.
    pub diverged: bool,
    /// The rate at which the smoothed loss falls most steeply; none where it never falls.
    pub steepest: Option<f64>,
    /// A tenth of the rate with the lowest smoothed loss.
    pub minimum_tenth: Option<f64>,
}

/// The search ends where the running loss is over so many times its lowest, as fastai's does.
const DIVERGED: f64 = 4.0;
/// The running loss: a mean in which a step counts this much less than the next.
const MEMORY: f64 = 0.9;

/// Searches over `range` on the request's training images. `stop` ends it early, with what there is.
///
/// # Errors
/// A request that does not fit; device errors.
pub fn find_learning_rate(mut request: TrainRequest, range: LrRange, stop: &StopFlag) -> Result<LrFound, TrainError> {
    request.fit()?;
    let TrainRequest { experiment, data, device, engine, init, .. } = request;
    let images = DeviceData::upload(data.train.clone(), data.outputs(), &device)?;
    let parameters = init.unwrap_or_else(|| initialise(&experiment.model, experiment.train.seed));
    let kind = engine.unwrap_or_else(|| choose_engine(&device, &experiment, &data).0);
    let teachers = experiment.distill.as_ref();
    let mut teachers = teachers.map(|config| Teachers::load(config, &data, (kind, &device), &images)).transpose()?;
    let spec = engine_spec(&experiment, vec![parameters], images.clone());
    let mut engine = fude_engine::build(Some(kind), &device, spec)?;
    let (mut steps, mut running) = (Vec::new(), Running::default());
    let mut epoch = 0;
    while !running.diverged && !stop.is_set() && (steps.len() as u32) < range.steps {
        let mut plan = epoch_plan(&experiment, epoch, data.train.len());
        plan.teacher = teachers.as_mut().map(|teachers| teachers.teach(&images, &plan)).transpose()?;
        let first = steps.len() as u32;
        plan.learning_rate = (first..).take(plan.steps() as usize).map(|step| range.rate(step) as f32).collect();
        let mut before = Totals::default();
        for step in 0..plan.steps().min(range.steps - first) {
            let Some(totals) = one_step(engine.as_mut(), &plan, step)? else {
                running.diverged = true;
                break;
            };
            let loss = (totals.loss - before.loss) / (totals.samples - before.samples).max(1) as f64;
            before = totals;
            steps.push((range.rate(first + step), loss));
            if running.add(loss) || stop.is_set() {
                break;
            }
        }
        epoch += 1;
    }
    Ok(judge(&steps, running.diverged))
}

/// The sums after a step; none where its loss was no number.
fn one_step(engine: &mut dyn Engine, plan: &fude_engine::EpochPlan, step: u32) -> Result<Option<Totals>, EngineError> {
    match engine.train(std::slice::from_ref(plan), step..step + 1, &mut ()) {
        Ok(progressed) => Ok(progressed.totals.first().copied()),
        Err(EngineError::NonFinite { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The loss as it comes in, smoothed backwards.
#[derive(Default)]
struct Running {
    sum: f64,
    weight: f64,
    lowest: Option<f64>,
    diverged: bool,
}

impl Running {
    /// Takes a step's loss into account; whether the search is to end.
    fn add(&mut self, loss: f64) -> bool {
        (self.sum, self.weight) = (MEMORY * self.sum + loss, MEMORY * self.weight + 1.0);
        let mean = self.sum / self.weight;
        let lowest = self.lowest.map_or(mean, |lowest| lowest.min(mean));
        self.lowest = Some(lowest);
        self.diverged = !mean.is_finite() || mean > DIVERGED * lowest;
        self.diverged
    }
}

/// Smooths over the neighbours of both sides, which a running mean would shift, and looks where the loss falls.
fn judge(steps: &[(f64, f64)], diverged: bool) -> LrFound {
    let losses: Vec<f64> = steps.iter().map(|&(_, loss)| loss).collect();
    let smoothed = smooth(&losses, (steps.len() / 25).max(2));
    let lowest = (0..smoothed.len()).min_by(|&a, &b| smoothed[a].total_cmp(&smoothed[b]));
    // Slopes against the logarithm of the rate, whose steps are equal, up to the lowest point.
    let slope = |step: usize| smoothed[step + 1] - smoothed[step - 1];
    let falling = lowest.into_iter().flat_map(|lowest| 1..lowest).filter(|&step| slope(step) < 0.0);
    let steepest = falling.min_by(|&a, &b| slope(a).total_cmp(&slope(b)));
    let step = |(&(rate, loss), &smoothed): (&(f64, f64), &f64)| LrStep { rate, loss, smoothed };
    LrFound {
        steps: steps.iter().zip(&smoothed).map(step).collect(),
        diverged,
        steepest: steepest.map(|step| steps[step].0),
        // At the first step there is nothing that the loss has fallen from.
        minimum_tenth: lowest.filter(|&step| step > 0).map(|step| steps[step].0 / 10.0),
    }
}

/// The mean over `reach` neighbours on each side, nearer ones counting more.
fn smooth(values: &[f64], reach: usize) -> Vec<f64> {
    let at = |centre: usize| {
        let around = centre.saturating_sub(reach)..(centre + reach + 1).min(values.len());
        let weight = |index: usize| (reach + 1 - index.abs_diff(centre)) as f64;
        let sum: f64 = around.clone().map(|index| weight(index) * values[index]).sum();
        sum / around.map(weight).sum::<f64>()
    };
    (0..values.len()).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_by_equal_factors_between_the_ends() {
        let range = LrRange { from: 1e-4, to: 1.0, steps: 5 };
        let rates: Vec<f64> = (0..5).map(|step| range.rate(step)).collect();
        for (rate, expected) in rates.iter().zip([1e-4, 1e-3, 1e-2, 1e-1, 1.0]) {
            assert!((rate / expected - 1.0).abs() < 1e-9, "{rates:?}");
        }
    }

    /// A loss that falls most steeply at 1e-3, is lowest at 1e-1, and then rises.
    #[test]
    fn suggestions_are_where_the_loss_falls_and_a_tenth_of_where_it_is_lowest() {
        let range = LrRange { from: 1e-6, to: 10.0, steps: 281 };
        let loss = |rate: f64| {
            let decade = rate.log10();
            let fall = 2.0 / (1.0 + (2.0 * (decade + 3.0)).exp());
            fall + 0.3 + if decade > -1.0 { (decade + 1.0).powi(2) } else { 0.0 }
        };
        let steps: Vec<(f64, f64)> = (0..281).map(|step| (range.rate(step), loss(range.rate(step)))).collect();
        let found = judge(&steps, false);
        assert!((found.steepest.unwrap().log10() + 3.0).abs() < 0.1, "{:?}", found.steepest);
        assert!((found.minimum_tenth.unwrap().log10() + 2.0).abs() < 0.2, "{:?}", found.minimum_tenth);
        assert_eq!(found.steps.len(), 281);
    }

    #[test]
    fn a_loss_that_only_rises_suggests_nothing() {
        let steps: Vec<(f64, f64)> = (0..50).map(|step| (f64::from(step + 1), f64::from(step))).collect();
        let found = judge(&steps, true);
        assert_eq!((found.steepest, found.minimum_tenth, found.diverged), (None, None, true));
        assert_eq!(judge(&[], false).steps, []);
    }

    #[test]
    fn four_times_the_lowest_running_loss_is_divergence_and_so_is_no_number() {
        let mut running = Running::default();
        assert!((0..100).all(|_| !running.add(1.0)));
        assert!((0..30).any(|_| running.add(10.0)));
        assert!(Running::default().add(f64::NAN));
    }
}
