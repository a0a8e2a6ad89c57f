//! The shaders and their CPU twins.
//!
//! A twin is the slow, obvious form of a kernel: f64, loops as in the formula, no blocking, no vectors. Fast kernels, of
//! the CPU and of a GPU, are tested against twins, twins against finite differences and published values. Nothing here
//! runs in a training step. Shapes are in fude's alphabet: `B` batch, `I` inputs, `O` outputs, `H` hidden units, `P`
//! parameters.

pub mod activation;
pub mod adam;
pub mod augment;
pub mod dropout;
pub mod linear;
pub mod loss;
pub mod normalize;
pub mod reference;
#[cfg(feature = "reflect")]
pub mod reflect;
pub mod shader;

pub use shader::{SHADERS, Shader};
