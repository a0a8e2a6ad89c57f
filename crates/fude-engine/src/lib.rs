//! Engines that train: one trait, several code paths, on a GPU or on the CPU.
//!
//! `burn` is the reference: Burn's autodiff and its optimisers, on any Burn device. Only this crate touches Burn, wgpu,
//! or `unsafe`. Shapes are in fude's alphabet: `N` samples, `B` batch, `I` inputs, `H` hidden, `O` classes, `L` layers,
//! `P` parameters, `M` models trained at once.

mod augment;
#[cfg(feature = "burn")]
mod burn;
mod calibrate;
mod data;
mod device;
mod engine;
mod error;
mod fused;
#[cfg(feature = "burn")]
mod masks;
mod needs;
mod parts;
mod peak;
mod plan;
mod predictor;
mod shared;
mod spec;
mod state;
#[cfg(feature = "burn")]
mod targets;

pub use augment::{Augmentation, Deformation, ElasticField, deform};
pub use calibrate::{Calibration, calibrate};
pub use data::DeviceData;
#[cfg(feature = "gpu")]
pub use device::open_adapters;
pub use device::{
    Adapter, AdapterKind, Candidate, Candidates, CpuInfo, Device, DeviceChoice, DeviceKind, DeviceOptions,
    DeviceRequest, adapters, choose_device,
};
pub use engine::{
    Control, Deformed, Determinism, Diverged, Engine, EngineInfo, Flow, Logits, Progressed, Totals, View, Weights,
};
pub use error::{DeviceError, EngineError};
#[cfg(feature = "gpu")]
pub use fused::gpu::check::{CheckCase, ShaderCheck, check_shaders};
pub use fused::{Int8Engine, models_at_once, unsupported as unsupported_by_fused};
pub use needs::Needs;
pub use parts::{StepOf, StepPart, step_parts};
pub use peak::{Product, sgemm_rate};
pub use plan::{EpochPlan, Teacher};
pub use predictor::Predictor;
pub use shared::{Aside, Seat, SharedEngine};
pub use spec::{EngineKind, EngineSpec, OptimizerSpec, build, choose_engine, require_support, supported_engines};
pub use state::{NamedTensor, TrainState};
