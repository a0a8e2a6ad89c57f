//! A search's PNG files.

use super::words::figure;
use anyhow::{Context, Result};
use fude_report::{Picture, SearchAxis, SearchGoal, SearchLine, SearchPoint, search_coordinates, search_history};
use fude_sweep::{Objective, RangeKind, State, Study, Trial, by_quality};
use std::path::Path;

/// Draws history and parallel coordinates into the search's folder.
pub(super) fn draw(study: &Study, trials: &[Trial], folder: &Path) -> Result<()> {
    for (name, picture) in [("history.png", history(study, trials)), ("parallel.png", coordinates(study, trials))] {
        let path = folder.join(name);
        picture.save(&path).with_context(|| format!("cannot draw {}", path.display()))?;
    }
    Ok(())
}

fn shown(objective: Objective, value: f64) -> f64 {
    if objective == Objective::ValidationAccuracy { 100.0 * value } else { value }
}

fn history(study: &Study, trials: &[Trial]) -> Picture {
    let mut epochs = 0.0;
    let point = |trial: &Trial| {
        epochs += f64::from(trial.epochs);
        let value = shown(study.objective, trial.value?);
        Some(SearchPoint { epochs, value, finished: trial.state == State::Finished })
    };
    let points: Vec<SearchPoint> = trials.iter().filter_map(point).collect();
    let goal = match study.objective {
        Objective::ValidationAccuracy => SearchGoal { name: "validation accuracy (%)", higher: true },
        Objective::ValidationLoss => SearchGoal { name: "validation loss (nats)", higher: false },
    };
    search_history(&points, goal, &format!("search {}", study.name))
}

fn coordinates(study: &Study, trials: &[Trial]) -> Picture {
    let best = by_quality(trials, study.objective);
    let values: Vec<f64> = best.iter().filter_map(|trial| trial.value).collect();
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let mut axes: Vec<SearchAxis> = study.space.keys().map(|key| axis(study, key)).collect();
    let ticks = [(0.0, low), (1.0, high)].map(|(place, value)| (place, figure(study.objective, Some(value))));
    axes.push(SearchAxis { name: study.objective.name().into(), ticks: ticks.into() });
    let finished = best.iter().filter(|trial| trial.state == State::Finished).count();
    let line = |(rank, trial): (usize, &&Trial)| {
        let place = |key: &String| study.space[key].share(trial.places.get(key).copied().unwrap_or(0.0));
        let value = trial.value.map_or(0.0, |value| if high > low { (value - low) / (high - low) } else { 0.5 });
        let quality = 1.0 - rank as f64 / finished.max(2) as f64;
        SearchLine {
            places: study.space.keys().map(place).chain([value]).collect(),
            quality: (trial.state == State::Finished).then_some(quality),
        }
    };
    let lines: Vec<SearchLine> = best.iter().enumerate().map(line).collect();
    let note = "a line a trial: the best in red, better ones darker, those stopped early in grey";
    search_coordinates(&axes, &lines, note, &format!("search {}", study.name))
}

fn axis(study: &Study, key: &str) -> SearchAxis {
    let range = &study.space[key];
    let (start, end) = range.places();
    let ticks = match &range.kind {
        RangeKind::Choices(choices) => {
            let last = (choices.len() - 1) as f64;
            choices.iter().enumerate().map(|(index, choice)| (index as f64 / last, choice.clone())).collect()
        }
        RangeKind::Numbers { .. } => {
            let at = |share: f64| (share, range.value(start + (end - start) * share.min(1.0 - 1e-9)));
            vec![at(0.0), at(0.5), at(1.0)]
        }
    };
    SearchAxis { name: key.to_owned(), ticks }
}
