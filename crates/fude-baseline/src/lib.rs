//! What networks must beat: nearest neighbours on pixels, and on the pixels' principal components.
//!
//! Distances are Euclidean: `|a - b|^2 = |a|^2 + |b|^2 - 2 ab`, so that nearly all of the work is one matrix product.
//! Nothing here knows a network or an engine.

mod features;
mod method;
mod neighbours;
mod principal;
mod summary;
mod vote;

pub use features::Features;
pub use method::{Method, Predicted};
pub use neighbours::{Neighbour, nearest};
pub use principal::Components;
pub use summary::Setting;
pub use vote::{MAX_K, classify};
