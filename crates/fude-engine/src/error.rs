//! What can go wrong in an engine, and on the way to a device.

/// Training or evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The loss is no number any more.
    #[error("the loss became {loss} at step {step} of epoch {epoch}")]
    NonFinite {
        /// The model, of M.
        model: usize,
        /// The epoch, from 1.
        epoch: u32,
        /// The step within it, from 1.
        step: u32,
        /// NaN or an infinity.
        loss: f64,
    },
    /// The device is gone, or refused to go on.
    #[error("the device failed: {0}")]
    Device(String),
    /// This engine cannot do what was asked for.
    #[error("engine '{engine}' {why}")]
    Unsupported {
        /// Its name.
        engine: &'static str,
        /// What it lacks.
        why: String,
    },
    /// A state does not fit the model.
    #[error("state: tensor '{name}': expected {expected} values, found {found}")]
    State {
        /// The tensor.
        name: String,
        /// Values that the model has.
        expected: usize,
        /// Values that the state has.
        found: usize,
    },
    /// Labels do not fit the model.
    #[error("the data have {found} classes, the model {expected}")]
    Classes {
        /// The model's outputs.
        expected: usize,
        /// The data's classes.
        found: usize,
    },
    /// Images do not fit the model.
    #[error("images have {found} pixels, the model takes {expected}")]
    Inputs {
        /// The model's inputs.
        expected: usize,
        /// The images' pixels.
        found: usize,
    },
}

/// No device as asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// A GPU was required and there is none.
    #[error("no GPU: {0}")]
    NoGpu(String),
    /// No device has the wanted name.
    #[error("no device has '{wanted}' in its name; found: {found}")]
    NoSuchDevice {
        /// What was asked for.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The adapter is there and refuses to work.
    #[error("{adapter} cannot be opened: {why}")]
    Open {
        /// Its name.
        adapter: String,
        /// What the driver said.
        why: String,
    },
}
