//! What a checkpoint holds of an engine: a versioned map, so that a new feature adds a name and not a field.

use crate::EngineError;
use std::collections::BTreeMap;

/// The version of the names' meaning.
const VERSION: u32 = 1;

/// Named tensors and scalars of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainState {
    /// The version of the names' meaning.
    pub version: u32,
    /// `parameters`, `adam.m`, `adam.v`, each `[P]` in the model's layout, `ema` where kept, `mask` where weights are pruned,
    /// and whatever else an engine keeps.
    pub tensors: BTreeMap<String, NamedTensor>,
    /// `adam.step`, and the sums of the running epoch `epoch.loss`, `epoch.correct`, `epoch.samples`.
    pub scalars: BTreeMap<String, f64>,
}

/// A tensor's values with its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row by row.
    pub values: Vec<f32>,
}

impl TrainState {
    /// The trained parameters, `[P]`.
    pub const PARAMETERS: &str = "parameters";
    /// Adam's first moments, `[P]`.
    pub const FIRST_MOMENT: &str = "adam.m";
    /// Adam's second moments, `[P]`.
    pub const SECOND_MOMENT: &str = "adam.v";
    /// The parameters' moving average, `[P]`, where one is kept.
    pub const EMA: &str = "ema";
    /// 0 where a parameter is pruned, 1 elsewhere, `[P]`, where any is. Pruned parameters get no gradient: where parameter,
    /// moments and average are 0, as whoever prunes leaves them, they stay exactly so.
    pub const MASK: &str = "mask";
    /// Steps that Adam has made.
    pub const ADAM_STEP: &str = "adam.step";

    /// A state without anything.
    pub fn new() -> Self {
        Self { version: VERSION, tensors: BTreeMap::new(), scalars: BTreeMap::new() }
    }

    /// Adds a vector.
    pub fn put(&mut self, name: &str, values: Vec<f32>) {
        self.tensors.insert(name.to_owned(), NamedTensor { shape: vec![values.len()], values });
    }

    /// A vector of a known length.
    ///
    /// # Errors
    /// Where it is absent or of another length.
    pub fn vector(&self, name: &str, length: usize) -> Result<&[f32], EngineError> {
        let values = self.tensors.get(name).map_or(&[][..], |tensor| &tensor.values);
        if values.len() == length {
            Ok(values)
        } else {
            Err(EngineError::State { name: name.to_owned(), expected: length, found: values.len() })
        }
    }

    /// A scalar, 0 where it is absent.
    pub fn scalar(&self, name: &str) -> f64 {
        self.scalars.get(name).copied().unwrap_or(0.0)
    }

    /// Adds the sums of the running epoch.
    pub fn put_totals(&mut self, totals: &crate::Totals) {
        self.scalars.insert("epoch.loss".into(), totals.loss);
        self.scalars.insert("epoch.correct".into(), totals.correct as f64);
        self.scalars.insert("epoch.samples".into(), totals.samples as f64);
    }

    /// The sums of the running epoch.
    pub fn totals(&self) -> crate::Totals {
        crate::Totals {
            loss: self.scalar("epoch.loss"),
            correct: self.scalar("epoch.correct") as u64,
            samples: self.scalar("epoch.samples") as u64,
        }
    }
}

impl Default for TrainState {
    fn default() -> Self {
        Self::new()
    }
}
