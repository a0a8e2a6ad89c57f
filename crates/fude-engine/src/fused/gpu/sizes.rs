//! The buffers that a workspace needs, with their bytes.

use super::kernels::Kernels;
use super::look::Look;
use super::places::{Places, Rows};
use super::schedule::{Dispatch, Work};
use super::slots::WARP_QUADS;
use super::workspace::Purpose;

/// The buffers that a purpose needs, with their bytes.
pub(super) fn sizes(places: &Places, purpose: &Purpose, rows: &Rows, kernels: &Kernels) -> Vec<(&'static str, u64)> {
    let (models, batch) = (purpose.models, purpose.batch);
    let partials = |dispatch: &Dispatch| match dispatch.work {
        Work::ForwardImages | Work::Forward => {
            dispatch.slices.count * batch * places.layers[dispatch.layer].output_quads
        }
        _ => 0,
    };
    let partials = purpose.dispatches.iter().map(partials).max().unwrap_or(0);
    let clips = purpose.dispatches.iter().any(|dispatch| dispatch.work == Work::Gradient);
    let tiles: usize = places.layers.iter().map(|place| kernels.tiles.of(place)).sum();
    let classes = places.layers.last().map_or(0, |place| place.outputs);
    let in_training = |bytes: usize| if purpose.permutation.is_some() { bytes } else { 0 };
    [
        ("partials", 16 * models * partials),
        ("inputs", 16 * models * rows.input_stride),
        ("deltas", 16 * models * rows.delta_stride),
        ("plan", 4 * models * purpose.permutation.unwrap_or(0)),
        ("x", in_training(4 * models * batch * places.words())),
        ("notes", in_training(8 * models * purpose.steps * notes(batch))),
        ("warps", if purpose.look.warp.is_some() { 16 * WARP_QUADS * models * purpose.slots() } else { 0 }),
        ("field", 4 * field_floats(&purpose.look)),
        (
            "teacher",
            in_training(if purpose.look.taught { 4 * models * purpose.permutation.unwrap_or(0) * classes } else { 0 }),
        ),
        ("gradient", if clips { 16 * models * places.weights } else { 0 }),
        ("squares", if clips { 4 * models * tiles } else { 0 }),
        ("gathered", if purpose.gathered { 4 * models * purpose.slots() * places.words() } else { 0 }),
    ]
    .map(|(name, bytes)| (name, bytes as u64))
    .into()
}

/// Weights of the elastic field.
fn field_floats(look: &Look) -> usize {
    let Some(warp) = &look.warp else { return 0 };
    let points = warp.elastic.as_ref().map_or([0, 0], |elastic| [elastic.row_points, elastic.column_points]);
    warp.height * points[0] + warp.width * points[1]
}

/// Notes of a model in a step: one for four rows.
pub(super) fn notes(batch: usize) -> usize {
    batch.div_ceil(4)
}
