//! From pictures to predictions: finds the ink of a picture, places it as the images of a data set are placed, and asks
//! a trained model what it is.
//!
//! [`predict_files`] does all of it for many files. [`Preparer`] and [`Classifier`] are its two halves.

mod batch;
mod class;
mod classifier;
mod error;
mod files;
mod ground;
mod ink;
mod place;
mod prepare;
mod resample;
mod specks;
mod view;

pub use batch::{BATCH, Recognised, predict_files};
pub use class::{Class, Prediction};
pub use classifier::Classifier;
pub use error::PredictError;
pub use files::find_pictures;
pub use prepare::Preparer;
