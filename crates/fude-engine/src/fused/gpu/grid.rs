//! How many workgroups a dispatch has.

use super::kernels::Kernels;
use super::places::Places;
use super::schedule::{Dispatch, Work};
use super::workspace::Purpose;

/// How many workgroups a dispatch has: `x` and `y` for each so many rows, where 0 means one for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    x: usize,
    rows_of_x: usize,
    rows_of_y: usize,
    models_in_y: usize,
    z: usize,
}

impl Grid {
    pub(super) fn of(dispatch: &Dispatch, places: &Places, purpose: &Purpose, kernels: &Kernels) -> Self {
        let models = purpose.models;
        let product = |quads: usize, slices: usize| Self {
            x: quads.div_ceil(kernels.tiles.product.1),
            rows_of_x: 0,
            rows_of_y: kernels.tiles.product.0,
            models_in_y: 1,
            z: models * slices,
        };
        let layer = places.layers.get(dispatch.layer);
        let in_rows = |rows: usize| Self { x: 1, rows_of_x: rows, rows_of_y: 0, models_in_y: models, z: 1 };
        match dispatch.work {
            Work::ForwardImages | Work::Forward => {
                product(layer.map_or(0, |place| place.output_quads), dispatch.slices.count)
            }
            Work::Backward => product(layer.map_or(0, |place| place.back_quads), 1),
            Work::Hidden => in_rows(4),
            Work::Deform | Work::Normalize => in_rows(1),
            Work::Tail | Work::Logits => in_rows(4 * purpose.tail.groups),
            Work::Update | Work::Gradient | Work::Adam => Self {
                x: places.layers.iter().map(|place| kernels.tiles.of(place)).sum(),
                rows_of_x: 0,
                rows_of_y: 0,
                models_in_y: models,
                z: 1,
            },
        }
    }

    /// Workgroups for a batch of `rows`.
    pub(super) fn workgroups(&self, rows: usize) -> [u32; 3] {
        let parts = |of: usize| if of == 0 { 1 } else { rows.div_ceil(of) };
        [self.x * parts(self.rows_of_x), self.models_in_y * parts(self.rows_of_y), self.z].map(|count| count as u32)
    }
}
