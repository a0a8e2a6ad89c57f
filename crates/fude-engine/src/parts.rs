//! The parts of a `fused` step, each run by itself: for benchmarks.

use crate::{Augmentation, Device, EngineError};
use fude_model::MlpConfig;

/// A step whose parts are wanted.
#[derive(Clone, Debug)]
pub struct StepOf {
    /// The model.
    pub model: MlpConfig,
    /// B.
    pub batch: usize,
    /// H and W of the images, whose product is the model's inputs.
    pub image: [usize; 2],
    /// How images are deformed.
    pub augmentation: Option<Augmentation>,
    /// The largest norm of the gradient.
    pub clip_norm: Option<f32>,
}

/// A CPU kernel on one thread, or a dispatch, with the numbers of a real step: those that it finds after
/// [`StepPart::prepare`], and from then on those that it has left itself.
pub struct StepPart {
    /// The kernel's or the shader's name, with the layer that it works on.
    pub name: String,
    /// Floating-point operations of a run: a multiply-add counts as two, and so does any other instruction.
    pub flops: f64,
    /// Bytes that a run reads and writes, each once.
    pub bytes: f64,
    prepare: Box<dyn FnMut() + Send>,
    run: Box<dyn FnMut(u32) -> Result<(), EngineError> + Send>,
}

impl StepPart {
    pub(crate) fn new(
        (name, layer): (&str, usize),
        Amount { flops, bytes }: Amount,
        prepare: impl FnMut() + Send + 'static,
        run: impl FnMut(u32) -> Result<(), EngineError> + Send + 'static,
    ) -> Self {
        Self { name: format!("{name} {layer}"), flops, bytes, prepare: Box::new(prepare), run: Box::new(run) }
    }

    /// On the processor, puts back what the step before it has made: some kernels work in place.
    pub fn prepare(&mut self) {
        (self.prepare)();
    }

    /// Runs it so many times, on a GPU in one submission, and waits.
    ///
    /// # Errors
    /// Device errors.
    pub fn run(&mut self, times: u32) -> Result<(), EngineError> {
        (self.run)(times)
    }
}

/// The parts of a step on a device: the kernels on the processor, the dispatches on a GPU.
///
/// # Errors
/// Device errors, or a step that `fused` does not do there.
pub fn step_parts(device: &Device, of: &StepOf) -> Result<Vec<StepPart>, EngineError> {
    crate::fused::parts(device, of)
}

/// How much a part does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Amount {
    pub(crate) flops: f64,
    pub(crate) bytes: f64,
}

/// Instructions that a value takes, counted by hand in the kernels, twice each as [`StepPart::flops`] counts. Estimates want no more.
mod per_value {
    /// Gradient to update: two moments, a root, a division.
    pub(super) const ADAM: f64 = 2.0 * 14.0;
    /// Mask, activation and slope: a quarter of a Philox block, and an error function at its dearest.
    pub(super) const HIDDEN: f64 = 2.0 * 30.0;
    /// An exponential, and its share of sums and targets.
    pub(super) const LOSS: f64 = 2.0 * 30.0;
    /// A bilinear sample and its neighbours' extreme.
    pub(super) const SAMPLE: f64 = 2.0 * 30.0;
}

impl Amount {
    /// `[rows, inner] [inner, columns]`.
    pub(crate) fn product(rows: usize, inner: usize, columns: usize) -> Self {
        let values = rows * inner + inner * columns + rows * columns;
        Self { flops: 2.0 * (rows * inner * columns) as f64, bytes: 4.0 * values as f64 }
    }

    /// A gradient `[inputs, outputs]` of a batch, with Adam's update of weights and moments.
    pub(crate) fn update(batch: usize, inputs: usize, outputs: usize) -> Self {
        let gradient = Self::product(inputs, batch, outputs);
        gradient.and(Self::adam(inputs * outputs))
    }

    /// Adam's update of so many parameters.
    pub(crate) fn adam(parameters: usize) -> Self {
        Self { flops: per_value::ADAM * parameters as f64, bytes: 6.0 * 4.0 * parameters as f64 }
    }

    /// What a hidden layer does with its linear output.
    pub(crate) fn hidden(values: usize) -> Self {
        Self { flops: per_value::HIDDEN * values as f64, bytes: 3.0 * 4.0 * values as f64 }
    }

    /// Logits to loss and gradient.
    pub(crate) fn loss(logits: usize) -> Self {
        Self { flops: per_value::LOSS * logits as f64, bytes: 2.0 * 4.0 * logits as f64 }
    }

    /// Images from bytes to floats, deformed or not.
    pub(crate) fn images(of: &StepOf) -> Self {
        let [height, width] = of.image;
        let field = of.augmentation.as_ref().and_then(|ranges| ranges.elastic_field(height, width));
        let displaced = field.map_or(0, |field| 2 * height * field.column_points * (field.row_points + width));
        let sampled = if of.augmentation.is_some() { per_value::SAMPLE * (height * width) as f64 } else { 0.0 };
        let batch = of.batch as f64;
        Self { flops: batch * (2.0 * displaced as f64 + sampled), bytes: batch * 5.0 * (height * width) as f64 }
    }

    /// Values that are only moved.
    pub(crate) fn moved(values: usize) -> Self {
        Self { flops: 0.0, bytes: 2.0 * 4.0 * values as f64 }
    }

    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { flops: self.flops + other.flops, bytes: self.bytes + other.bytes }
    }
}
