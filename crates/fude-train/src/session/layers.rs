//! The layers' statistics in an epoch's record, where the experiment asks for them.

use super::Session;
use crate::TrainError;
use crate::layer_statistics::layer_records;
use fude_engine::TrainState;
use fude_record::LayerRecord;

impl Session<'_> {
    /// Keeps the parameters that an epoch begins with, to know later what it changed.
    pub(super) fn remember_parameters(&mut self) -> Result<(), TrainError> {
        if self.experiment.eval.layers && self.progress.step == 0 {
            let tensor = self.engine.state(0)?.tensors.remove(TrainState::PARAMETERS);
            self.before_epoch = tensor.map(|tensor| tensor.values);
        }
        Ok(())
    }

    /// How each layer fares at the end of an epoch; nothing where nobody asked.
    pub(super) fn layers(&mut self) -> Result<Vec<LayerRecord>, TrainError> {
        if !self.experiment.eval.layers {
            return Ok(Vec::new());
        }
        let (state, before) = (self.engine.state(0)?, self.before_epoch.take());
        Ok(layer_records(&self.experiment.model, &state, before.as_deref(), &self.data.train))
    }
}
