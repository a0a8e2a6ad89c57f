//! What an experiment prunes, at the beginnings of its epochs.

use super::Session;
use crate::TrainError;
use crate::prune::{due, prune_state};

impl Session<'_> {
    /// Prunes what is due before the epoch's first step. A run that is resumed there prunes the same again.
    pub(super) fn prune(&mut self) -> Result<(), TrainError> {
        let Some(config) = &self.experiment.prune else { return Ok(()) };
        let share = due(config, self.progress.epoch, self.experiment.train.epochs);
        let Some(share) = share.filter(|_| self.progress.step == 0) else { return Ok(()) };
        let mut state = self.engine.state(0)?;
        prune_state(&mut state, &self.experiment.model.layout(), share)?;
        tracing::debug!("{:.2} % of the weights are pruned", 100.0 * share);
        Ok(self.engine.load_state(0, &state)?)
    }

    /// What is going to be pruned, in words.
    pub(super) fn pruning(&self) -> Option<String> {
        let config = self.experiment.prune.as_ref()?;
        let weights = self.experiment.model.layout().weights();
        let (gone, last) = (config.sparsity * weights as f64, config.last_epoch(self.experiment.train.epochs));
        Some(format!("prunes {gone:.0} of {weights} weights, the last of them before epoch {}", last + 1))
    }
}
