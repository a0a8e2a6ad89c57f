//! How long an epoch of training takes: engines, devices and other programs, side by side in one run.
//!
//! Each row is measured in a process of its own, so that the time to its first step is that of a fresh start and its
//! peak of memory is its own. Rounds go over all processes in turn, one epoch each while the others idle, so that
//! whatever else the machine does meets all of them alike. A program that speaks the same protocol is one more row.

mod case;
mod child;
mod error;
mod images;
mod machine;
mod memory;
mod protocol;
mod report;
mod rounds;
mod row;
mod statistics;
mod subject;
mod weigh;
mod worker;

pub use error::BenchError;
pub use images::IMAGES;
pub use machine::Machine;
pub use protocol::{Closing, EpochDone, Order, RawImages, Ready};
pub use report::{Comparison, Report};
pub use rounds::{Bench, BenchEvent};
pub use row::Row;
pub use statistics::Spread;
pub use subject::{Subject, Worker};
pub use weigh::{ToWeigh, Weighed, gzip_bytes, weigh};
pub use worker::serve;
