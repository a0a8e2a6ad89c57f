//! Plots of run records: learning curves, confusion matrices, the worst mistakes, samples of a data set; and a run as one
//! HTML page ([`report_page`]), or as events for TensorBoard ([`EventFile`]).
//!
//! Each function lays a [`Picture`] out, which becomes PNG bytes in memory ([`Picture::to_png`]) or a file
//! ([`Picture::save`]). The layout is a list of marks in units that know no resolution, so that another output format
//! needs a new painter and no new layout. The font is bundled; nothing depends on the fonts of a system.

mod axis;
mod color;
mod color_key;
mod confusion;
mod count;
mod curve;
mod error;
mod grey;
mod grid;
mod label;
mod latin;
#[cfg(test)]
mod legibility;
mod lr_curve;
mod mark;
mod mistakes;
mod page;
mod panel;
mod panels;
mod picture;
mod raster;
mod search;
mod svg;
mod tag;
mod tensorboard;
mod typeface;

pub use confusion::{MOST_CLASSES, confusion_matrix};
pub use curve::learning_curve;
pub use error::ReportError;
pub use grey::grey_png;
pub use grid::image_grid;
pub use label::{ClassLabel, Glyph};
pub use lr_curve::{Suggestion, lr_curve};
pub use mistakes::{MOST_MISTAKES, mistakes_grid};
pub use page::{ComparedRun, FirstLayer, Judged, Report, report_page};
pub use picture::{PIXELS_PER_UNIT, Picture};
pub use search::{SearchAxis, SearchGoal, SearchLine, SearchPoint, search_coordinates, search_history};
pub use tensorboard::EventFile;
