//! Model definitions: the MLP's configuration, its parameter layout, initial values, summary table, and safetensors.
//!
//! Plain arrays on the host; which device trains them is `fude-engine`'s matter.

mod activation;
mod config;
mod files;
mod initialise;
mod layout;
mod normalization;
mod summary;

pub use activation::Activation;
pub use config::{ConfigError, InputScale, MAX_LAYERS, MAX_UNITS, MlpConfig};
pub use files::{ModelFile, ModelFileError};
pub use initialise::initialise;
pub use layout::{Layer, Layout, Parameters};
pub use normalization::Normalization;
pub use summary::summary_table;
