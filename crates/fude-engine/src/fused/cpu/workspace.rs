//! What one step needs beside the weights: a batch's activations and their gradients.

use super::memory::Grid;

/// Buffers for a batch of up to B samples.
pub(super) struct Workspace {
    /// Input of each layer, `[B, I]`: the images, then each hidden layer's output.
    pub(super) inputs: Vec<Grid>,
    /// For each layer `[B, O]`: mask, then slope, then the loss's gradient with respect to its linear output. The last
    /// layer's holds logits first.
    pub(super) deltas: Vec<Grid>,
    /// `[B, 2]`: each sample's loss, and 1 where it was classified right.
    pub(super) notes: Grid,
}

impl Workspace {
    /// Buffers for layers of `widths`: I, every H, O.
    pub(super) fn new(widths: &[usize], batch: usize) -> Self {
        let (inputs, outputs) = (&widths[..widths.len() - 1], &widths[1..]);
        Self {
            inputs: inputs.iter().map(|&width| Grid::spread(batch, width)).collect(),
            deltas: outputs.iter().map(|&width| Grid::spread(batch, width)).collect(),
            notes: Grid::new(batch, 2),
        }
    }

    /// B at most.
    pub(super) fn capacity(&self) -> usize {
        self.notes.rows()
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.inputs.iter().chain(&self.deltas).map(Grid::bytes).sum::<usize>() + self.notes.bytes()
    }
}
