//! Model definitions: the MLP's configuration, its parameter layout, initial values, summary table, and its files:
//! safetensors, ONNX, and what other programs wrote.
//!
//! Plain arrays on the host; which device trains them is `fude-engine`'s matter.

mod activation;
mod config;
mod files;
mod import;
mod initialise;
mod layout;
mod metadata;
mod normalization;
mod onnx;
mod other_files;
mod prune;
mod quantised;
mod summary;
mod tensors;

pub use activation::Activation;
pub use config::{ConfigError, InputScale, MAX_INPUTS, MAX_LAYERS, MAX_UNITS, MlpConfig};
pub use files::{ModelFile, ModelFileError};
pub use import::{ImportError, ImportOptions, Imported, import};
pub use initialise::initialise;
pub use layout::{Layer, Layout, Parameters};
pub use normalization::Normalization;
pub use onnx::OnnxError;
pub use prune::{apply_mask, magnitude_mask};
pub use quantised::{InputRange, QuantisedLayer, QuantisedModel, StoredModel};
pub use summary::summary_table;
