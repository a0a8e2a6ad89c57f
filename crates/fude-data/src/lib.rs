//! Image data sets as plain u8 arrays: readers, the built-in kana set, downloads, splits, statistics.
//!
//! Nothing here knows a GPU, a model or an engine. [`open`] loads a set by name or folder; [`idx`] and [`npz`] read
//! single files.

mod arrays;
mod checksum;
mod cut;
mod encode;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
mod files;
mod fold;
mod folder;
pub mod idx;
mod images;
pub mod kana;
pub mod known;
mod lookup;
mod npy;
mod npy_write;
pub mod npz;
mod options;
mod picture;
mod placement;
mod source;
mod split;
mod stats;
mod verify;
mod verify_pictures;

pub use checksum::{images_md5, labels_md5, raw_md5, verify_raw_md5};
pub use cut::cut;
pub use encode::{one_hot, scaled};
pub use error::DataError;
pub use files::Role;
pub use fold::Fold;
pub use folder::load_dir;
pub use lookup::{SET_NAMES, cache_dir, open, open_with_cache};
pub use npy_write::npy_matrix;
pub use options::LoadOptions;
pub use picture::{Grey, MAX_PICTURE_SIDE, Picture, has_picture_name};
pub use placement::{Centre, INK_SHARE, Placement, PlacementError, reach};
pub use split::{Dataset, Split};
pub use stats::{Duplicates, SplitStats, Stats};
pub use verify::{FileCheck, FileStatus, verify_dir};
pub use verify_pictures::{PictureCheck, verify_pictures};
