//! Reading sets from files: good ones, and every kind of bad one.

mod class_folders;
mod fixtures;
mod folders;
mod fuzz;
mod idx;
mod lookup;
mod npz;
mod real;
mod verify;
