//! Counter-based random numbers: every draw is a function of (seed, stream, counter), never of what was drawn before.
//!
//! So engines and devices draw the same masks, an image's deformation does not depend on its batch, and a resumed run
//! needs no generator state. The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw: "Parallel random numbers: as
//! easy as 1, 2, 3", SC'11), which is cheap in integer SIMD and in WGSL alike.

mod philox;
mod sequence;
mod stream;

pub use philox::philox4x32;
pub use sequence::Sequence;
pub use stream::{Stream, drop_threshold, keep, shuffle, uniform};
