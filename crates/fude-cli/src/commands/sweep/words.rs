//! What a search says: a line a trial, and the table of the best.

use crate::table::{duration, loss, percent, table};
use crate::ui::{Ui, print_err};
use fude_sweep::{Objective, State, Study, SweepEvent, Trial, by_quality};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Rows of the table.
const SHOWN: usize = 10;

/// Tells of trials as they end.
pub(super) struct Progress<'a> {
    study: &'a Study,
    ui: Ui,
    started: Instant,
    /// All that have ended, and how many of them had when this began.
    ended: Mutex<Vec<Trial>>,
    before: usize,
}

impl<'a> Progress<'a> {
    pub(super) fn new(study: &'a Study, trials: &[Trial], ui: Ui) -> Self {
        let ended: Vec<Trial> = trials.iter().filter(|trial| trial.state != State::Begun).cloned().collect();
        Self { study, ui, started: Instant::now(), before: ended.len(), ended: Mutex::new(ended) }
    }

    pub(super) fn tell(&self, event: &SweepEvent) {
        match event {
            SweepEvent::Note(text) => self.ui.note(text),
            SweepEvent::Warning(text) => self.ui.warning(text),
            SweepEvent::Begun(_) => {}
            SweepEvent::Ended(trial) => self.ended(trial),
        }
    }

    fn ended(&self, trial: &Trial) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push(trial.clone());
        if self.ui.quiet {
            return;
        }
        let objective = self.study.objective;
        let best = by_quality(&ended, objective)
            .first()
            .map_or(String::new(), |best| format!(", best {} (trial {})", figure(objective, best.value), best.number));
        let here = (ended.len() - self.before).max(1) as f64;
        let left = (self.study.trials as usize).saturating_sub(ended.len()) as f64;
        let left = duration(self.started.elapsed().as_secs_f64() / here * left);
        print_err(&format!(
            "trial {:>3} {:8} {} after {} epochs{best}; {}/{}, left {left}",
            trial.number,
            state(trial.state),
            figure(objective, trial.value),
            trial.epochs,
            ended.len(),
            self.study.trials
        ));
    }
}

/// The objective as its figures are written.
pub(super) fn figure(objective: Objective, value: Option<f64>) -> String {
    match objective {
        Objective::ValidationAccuracy => percent(value),
        Objective::ValidationLoss => loss(value),
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Begun => "begun",
        State::Finished => "finished",
        State::Stopped => "stopped",
        State::Diverged => "diverged",
        State::Refused => "refused",
    }
}

/// The best trials with their values.
pub(super) fn trials_table(study: &Study, trials: &[Trial]) -> String {
    let keys: Vec<&String> = study.space.keys().collect();
    let mut header = vec!["trial", study.objective.name(), "epochs", "state"];
    header.extend(keys.iter().map(|key| key.as_str()));
    let row = |trial: &Trial| {
        let mut row = vec![
            trial.number.to_string(),
            figure(study.objective, trial.value),
            trial.epochs.to_string(),
            state(trial.state).to_owned(),
        ];
        row.extend(keys.iter().map(|&key| trial.values.get(key).cloned().unwrap_or_else(|| "-".into())));
        row
    };
    let best = by_quality(trials, study.objective);
    table(&header, best.into_iter().take(SHOWN).map(row).collect())
}

/// The search in a sentence.
pub(super) fn best_line(study: &Study, trials: &[Trial]) -> String {
    let count = |of: State| trials.iter().filter(|trial| trial.state == of).count();
    let epochs: u32 = trials.iter().map(|trial| trial.epochs).sum();
    let seconds: f64 = trials.iter().map(|trial| trial.seconds).sum();
    let refused = match count(State::Refused) {
        0 => String::new(),
        count => format!(", {count} refused"),
    };
    let what = format!(
        "{} finished, {} stopped early, {} diverged{refused}; {epochs} epochs, {} of training",
        count(State::Finished),
        count(State::Stopped),
        count(State::Diverged),
        duration(seconds)
    );
    match by_quality(trials, study.objective).first() {
        Some(best) => {
            let value = figure(study.objective, best.value);
            format!(
                "best {}: {value} (trial {}), chosen on the validation split; {what}",
                study.objective.name(),
                best.number
            )
        }
        None => format!("no trial has reached anything; {what}"),
    }
}
