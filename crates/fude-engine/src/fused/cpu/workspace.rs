//! What one step needs beside the weights: a batch's activations and their gradients.

use super::memory::Grid;
use fude_model::{MlpConfig, Normalization};

/// Buffers for a batch of up to B samples.
pub(super) struct Workspace {
    /// Input of each layer, `[B, I]`: the images, then each hidden layer's output.
    pub(super) inputs: Vec<Grid>,
    /// For each layer `[B, O]`: mask, then slope, then the loss's gradient with respect to its linear output. The last
    /// layer's holds logits first.
    pub(super) deltas: Vec<Grid>,
    /// Of each hidden layer where rows are normalised: the normalised rows `[B, H]`, and what they were multiplied by
    /// `[B, 1]`.
    pub(super) normalized: Vec<(Grid, Grid)>,
    /// The loss's gradient with respect to a hidden layer's output, `[B, H]` of the widest that has a residual connection;
    /// none where no layer has.
    pub(super) whole: Option<Grid>,
    /// `[B, 2]`: each sample's loss, and 1 where it was classified right.
    pub(super) notes: Grid,
}

impl Workspace {
    /// Buffers for training a model.
    pub(super) fn new(model: &MlpConfig, batch: usize) -> Self {
        let normalized = match model.normalization {
            Normalization::None => Vec::new(),
            Normalization::Layer => {
                model.hidden.iter().map(|&units| (Grid::spread(batch, units), Grid::new(batch, 1))).collect()
            }
        };
        let residual =
            (0..model.hidden.len()).filter(|&layer| model.adds_input(layer)).map(|layer| model.hidden[layer]);
        let whole = residual.max().map(|units| Grid::spread(batch, units));
        Self { normalized, whole, ..Self::for_evaluation(model, batch) }
    }

    /// Buffers for evaluating it.
    pub(super) fn for_evaluation(model: &MlpConfig, batch: usize) -> Self {
        let widths = model.widths();
        let (inputs, outputs) = (&widths[..widths.len() - 1], &widths[1..]);
        Self {
            inputs: inputs.iter().map(|&width| Grid::spread(batch, width)).collect(),
            deltas: outputs.iter().map(|&width| Grid::spread(batch, width)).collect(),
            normalized: Vec::new(),
            whole: None,
            notes: Grid::new(batch, 2),
        }
    }

    /// B at most.
    pub(super) fn capacity(&self) -> usize {
        self.notes.rows()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let normalized = self.normalized.iter().flat_map(|(rows, inverses)| [rows, inverses]);
        self.inputs.iter().chain(&self.deltas).chain(&self.whole).chain(normalized).map(Grid::bytes).sum::<usize>()
            + self.notes.bytes()
    }
}
