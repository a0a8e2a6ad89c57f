//! A page on this machine: one draws a character and sees, while drawing, what a model makes of it.
//!
//! It listens on the loopback address alone, answers nobody but its own page (the `Host`, `Origin` and `Sec-Fetch-Site`
//! headers say who asks), and limits size and time of every request. The page needs nothing from elsewhere.

mod answer;
mod error;
mod guard;
mod request;
mod response;
mod routes;
mod server;

pub use answer::ServedClass;
pub use error::ServeError;
pub use server::Server;
