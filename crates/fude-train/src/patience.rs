//! Early stopping, and which epoch was the best: a function of the recorded epochs, so that a resumed run agrees.

use fude_record::{EpochRecord, Experiment, Monitor};

/// Watches a loss over the epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    monitor: Option<Monitor>,
    /// Epochs without improvement after which to stop; none means never.
    patience: Option<u32>,
    best: Option<(u32, f64)>,
    waited: u32,
}

/// What an epoch's loss means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The lowest loss so far.
    Best,
    /// Not lower; go on.
    Waiting,
    /// Not lower for too long; stop.
    Stop,
}

impl Patience {
    /// What the experiment asks to watch; the validation loss where there is one and nothing else is asked for.
    pub fn new(experiment: &Experiment) -> Self {
        let stopping = experiment.early_stopping.as_ref();
        let validated = experiment.data.validation_fraction > 0.0;
        let monitor = stopping.map(|stopping| stopping.monitor).or(validated.then_some(Monitor::ValidationLoss));
        Self { monitor, patience: stopping.map(|stopping| stopping.patience), best: None, waited: 0 }
    }

    /// Takes an epoch into account. Only a strictly lower loss is an improvement, as in Keras and Lightning with
    /// `min_delta = 0`.
    pub fn observe(&mut self, record: &EpochRecord) -> Verdict {
        let Some(loss) = self.loss_of(record) else { return Verdict::Waiting };
        if self.best.is_none_or(|(_, best)| loss < best) {
            self.best = Some((record.epoch, loss));
            self.waited = 0;
            return Verdict::Best;
        }
        self.waited += 1;
        if self.patience.is_some_and(|patience| self.waited >= patience) { Verdict::Stop } else { Verdict::Waiting }
    }

    /// The epoch of the lowest loss, from 1; none where nothing is watched.
    pub fn best_epoch(&self) -> Option<u32> {
        self.best.map(|(epoch, _)| epoch)
    }

    fn loss_of(&self, record: &EpochRecord) -> Option<f64> {
        match self.monitor? {
            Monitor::ValidationLoss => record.val_loss,
            Monitor::TestLoss => record.test_loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(extra: &str) -> Experiment {
        Experiment::parse(&format!("name = \"x\"\ndataset = \"kana\"\n{extra}"), "e.toml", &[]).unwrap()
    }

    fn record(epoch: u32, loss: f64) -> EpochRecord {
        EpochRecord {
            epoch,
            train_loss: 0.0,
            train_accuracy: 0.0,
            val_loss: Some(loss),
            val_accuracy: None,
            test_loss: None,
            test_accuracy: None,
            learning_rate: 0.0,
            seconds: 0.0,
            layers: vec![],
        }
    }

    #[test]
    fn it_stops_after_patience_epochs_without_a_lower_loss() {
        let mut patience = Patience::new(&experiment("[early_stopping]\npatience = 2\n"));
        let losses = [1.0, 0.5, 0.5, 0.4, 0.6, 0.4];
        let verdicts: Vec<Verdict> = losses.iter().zip(1..).map(|(&l, e)| patience.observe(&record(e, l))).collect();
        use Verdict::*;
        assert_eq!(verdicts, [Best, Best, Waiting, Best, Waiting, Stop]);
        assert_eq!(patience.best_epoch(), Some(4));
    }

    #[test]
    fn without_early_stopping_it_only_notes_the_best_validation_epoch() {
        let mut patience = Patience::new(&experiment(""));
        for epoch in 1..100 {
            assert_ne!(patience.observe(&record(epoch, f64::from(epoch))), Verdict::Stop);
        }
        assert_eq!(patience.best_epoch(), Some(1));
        let mut blind = Patience::new(&experiment("[data]\nvalidation_fraction = 0.0\n"));
        assert_eq!(blind.observe(&record(1, 1.0)), Verdict::Waiting);
        assert_eq!(blind.best_epoch(), None);
    }
}
