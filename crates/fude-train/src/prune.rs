//! Pruning a run in training: when weights go, and what that does to an engine's state.

use crate::teachers::read;
use crate::{Prepared, TrainError};
use fude_engine::{EngineError, TrainState};
use fude_model::{Layout, Parameters, apply_mask, magnitude_mask};
use fude_record::{Experiment, PruneConfig};
use std::path::Path;

/// Prunes a state to a share of its weights, those that were pruned before among them. Their moments and their average
/// go with them: a pruned weight has no past.
pub(crate) fn prune_state(state: &mut TrainState, layout: &Layout, sparsity: f64) -> Result<(), EngineError> {
    let values = state.vector(TrainState::PARAMETERS, layout.parameters())?;
    let before = state.tensors.get(TrainState::MASK).map(|tensor| tensor.values.as_slice());
    let mask = magnitude_mask(layout, values, before, sparsity);
    for name in [TrainState::PARAMETERS, TrainState::FIRST_MOMENT, TrainState::SECOND_MOMENT, TrainState::EMA] {
        if let Some(tensor) = state.tensors.get_mut(name) {
            apply_mask(&mut tensor.values, &mask);
        }
    }
    state.put(TrainState::MASK, mask);
    Ok(())
}

/// The share to prune to before `epoch`; none where nothing goes then.
pub(crate) fn due(config: &PruneConfig, epoch: u32, epochs: u32) -> Option<f64> {
    let share = config.due(epoch, epochs);
    (share > 0.0 && epoch <= config.last_epoch(epochs)).then_some(share)
}

/// The parameters of the model that an experiment prunes, which must compute as the experiment's does.
///
/// # Errors
/// A model that cannot be read or does not fit the experiment or its data, with its path.
pub(crate) fn start(experiment: &Experiment, data: &Prepared) -> Result<Option<Parameters>, TrainError> {
    let Some(from) = experiment.prune.as_ref().and_then(|prune| prune.from.as_deref()) else { return Ok(None) };
    let found = read("prune.from", Path::new(from), data)?;
    let describe = |model: &fude_model::MlpConfig| {
        let normalization = model.normalization.name();
        let residual = if model.residual { ", residual" } else { "" };
        format!("{} with {} and normalization {normalization}{residual}", model.shape(), model.activation.name())
    };
    let (expected, found_words) = (describe(&experiment.model), describe(&found.config));
    if expected == found_words {
        return Ok(Some(found.parameters));
    }
    Err(TrainError::Mismatch(format!("prune.from {from}: expected {expected}, found {found_words}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fude_model::{MlpConfig, initialise};

    #[test]
    fn whatever_a_state_keeps_of_a_pruned_weight_is_zero() {
        let layout = MlpConfig { inputs: 30, hidden: vec![8], outputs: 4, ..Default::default() }.layout();
        let config = MlpConfig { inputs: 30, hidden: vec![8], outputs: 4, ..Default::default() };
        let mut state = TrainState::new();
        for name in [TrainState::PARAMETERS, TrainState::FIRST_MOMENT, TrainState::SECOND_MOMENT, TrainState::EMA] {
            state.put(name, initialise(&config, 3).values);
        }
        let whole = state.clone();
        for (share, zeros) in [(0.25, 68), (0.75, 204), (0.5, 204)] {
            prune_state(&mut state, &layout, share).unwrap();
            let mask = state.vector(TrainState::MASK, layout.parameters()).unwrap().to_vec();
            assert_eq!(mask.iter().filter(|&&mask| mask == 0.0).count(), zeros);
            for (name, tensor) in &whole.tensors {
                let mut expected = tensor.values.clone();
                apply_mask(&mut expected, &mask);
                assert_eq!(state.vector(name, mask.len()).unwrap(), expected, "{name}");
            }
        }
    }

    #[test]
    fn weights_go_at_the_beginnings_of_the_ramp_s_epochs_and_of_no_others() {
        let config = PruneConfig { sparsity: 0.8, begin_epoch: 1, ramp_epochs: 2, ..Default::default() };
        let due: Vec<Option<f64>> = (0..6).map(|epoch| due(&config, epoch, 6)).collect();
        assert_eq!(due, [None, None, Some(0.8 * 0.875), Some(0.8), None, None]);
    }
}
