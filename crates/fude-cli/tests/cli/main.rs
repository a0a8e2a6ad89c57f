//! The program as a user meets it: each test runs it in a folder, with a home and a cache of its own.

mod after;
mod bad_data;
mod bad_device;
mod bad_experiment;
mod bad_run;
mod bench;
mod data_forms;
mod fixtures;
mod home;
mod mistaken;
mod models;
mod output;
mod predict;
mod prune;
mod readme;
mod residual;
mod resume;
mod search;
mod series;
mod signals;
mod splits;
mod train;
