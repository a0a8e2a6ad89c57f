//! How a run ends: the best weights put back, the last scores, the files.

use super::{Outcome, Session};
use crate::request::selects_on_test;
use crate::summarise::{FinalScores, summarise};
use crate::{Looks, Scored, TrainError, score};
use fude_engine::{DeviceData, EngineError, TrainState, View, Weights};
use fude_record::{Event, Summary, file, write_atomically};

impl Session<'_> {
    pub(super) fn finish(mut self) -> Result<Outcome, TrainError> {
        // Before the best weights are restored: a finished run that is extended goes on from its last epoch.
        self.write_checkpoint()?;
        let restored = self.restore_best()?;
        let parameters = self.parameters()?;
        let scores = self.final_scores()?;
        let summary = self.summary(&scores, restored);
        if let Some(folder) = &self.folder {
            let path = folder.file(file::MODEL);
            let bytes = self.model_file(parameters, &summary).to_bytes()?;
            write_atomically(&path, &bytes)
                .map_err(|source| fude_record::RunFolderError::Io { path: path.clone(), source })?;
        }
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        if let Some(folder) = &self.folder {
            folder.write_summary(&summary)?;
        }
        self.observer.event(&Event::Finished(Box::new(summary.clone())));
        Ok(Outcome::Finished { summary: Box::new(summary), scored: scores.test.or(scores.validation) })
    }

    pub(super) fn interrupt(mut self) -> Result<Outcome, TrainError> {
        self.write_checkpoint()?;
        if let Some(writer) = self.writer.take() {
            writer.finish()?;
        }
        Ok(Outcome::Interrupted(self.progress))
    }

    pub(super) fn final_scores(&mut self) -> Result<FinalScores, TrainError> {
        let (view, looks, device) = (self.view(), Looks::of(&self.experiment, None), &self.device);
        let engine = self.engine.as_mut();
        let train = score(engine, &self.on_device.train, view)?;
        let mut held_out = |images: &DeviceData| -> Result<Scored, EngineError> {
            let plain = score(engine, images, view)?;
            let Some(looks) = &looks else { return Ok(plain) };
            let logits = looks.mean(&plain.logits, images.split(), |look| {
                engine.logits(0, &DeviceData::upload(look, images.classes(), device)?, view)
            })?;
            Ok(Scored::of(&logits, images.labels()))
        };
        Ok(FinalScores {
            train: Some(train),
            validation: self.on_device.validation.as_ref().map(&mut held_out).transpose()?,
            test: self.on_device.test.as_ref().map(&mut held_out).transpose()?,
        })
    }

    /// Puts the best epoch's weights back where the experiment asks for it.
    pub(super) fn restore_best(&mut self) -> Result<bool, TrainError> {
        let Some(best) = self.best.clone() else { return Ok(false) };
        let mut state = self.engine.state(0)?;
        if self.experiment.train.ema.is_some() {
            state.put(TrainState::EMA, best.clone());
        }
        state.put(TrainState::PARAMETERS, best);
        self.engine.load_state(0, &state)?;
        Ok(true)
    }

    pub(super) fn restores_best(&self) -> bool {
        self.experiment.early_stopping.as_ref().is_some_and(|stopping| stopping.restore_best)
    }

    /// The parameters that are evaluated and kept: those that are trained, or their average.
    pub(super) fn parameters(&mut self) -> Result<Vec<f32>, TrainError> {
        let mut state = self.engine.state(0)?;
        let kept = match self.view().weights {
            Weights::Current => TrainState::PARAMETERS,
            Weights::Ema => TrainState::EMA,
        };
        Ok(state.tensors.remove(kept).map(|tensor| tensor.values).unwrap_or_default())
    }

    pub(super) fn view(&self) -> View<'static> {
        if self.experiment.train.ema.is_some() { View::EMA } else { View::PLAIN }
    }

    pub(super) fn summary(&self, scores: &FinalScores, restored_best: bool) -> Summary {
        let mut summary = summarise(&self.experiment, &self.data, self.engine.info(), &self.records, scores);
        summary.stopped_early = self.stopped_early;
        summary.best_epoch = self.patience.best_epoch();
        summary.restored_best = restored_best;
        summary.selected_on_test = selects_on_test(&self.experiment);
        summary.seconds = self.seconds();
        summary.test_fingerprint = self.pins.held_out.as_ref().and_then(|pins| pins.test.clone());
        summary
    }
}
