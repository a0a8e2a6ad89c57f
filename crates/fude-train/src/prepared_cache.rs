//! Data that several runs share.

use crate::{Prepared, TrainError, prepare};
use fude_record::Experiment;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Prepared data by what they are made from: runs that train on the same images read and hold them once.
#[derive(Default)]
pub struct PreparedCache {
    sets: Mutex<BTreeMap<String, Prepared>>,
}

impl PreparedCache {
    /// [`prepare`], once for all experiments with the same data. Whoever comes first is given the notes and warnings of the
    /// data: once is enough said.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn prepare(&self, experiment: &Experiment) -> Result<Prepared, TrainError> {
        let key = format!("{} {:?} {:?}", experiment.dataset, experiment.fallback, experiment.data);
        // Held meanwhile: others with the same data wait instead of reading them too.
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = sets.get(&key) {
            return Ok(data.clone());
        }
        let data = prepare(experiment)?;
        let silent = Prepared { notes: Vec::new(), warnings: Vec::new(), ..data.clone() };
        sets.insert(key, silent);
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn experiment(seed: u32, more: &str) -> Experiment {
        let text = format!("name = \"x\"\ndataset = \"kana\"\ntrain.seed = {seed}\ndata.limit = 40\n{more}");
        Experiment::parse(&text, "e.toml", &[]).unwrap()
    }

    #[test]
    fn runs_of_other_seeds_have_the_same_images_and_hear_of_them_once() {
        let cache = PreparedCache::default();
        let (first, second) = (cache.prepare(&experiment(0, "")).unwrap(), cache.prepare(&experiment(1, "")).unwrap());
        assert!(Arc::ptr_eq(&first.train, &second.train));
        assert!(!first.notes.is_empty() && second.notes.is_empty());
        let other = cache.prepare(&experiment(0, "data.validation_fraction = 0.5")).unwrap();
        assert!(!Arc::ptr_eq(&first.train, &other.train));
    }
}
