//! What the step does to images, for code on the host: the reference engine, and pictures for people.

use super::images::Gather;
use super::memory::Grid;
use super::simd::Level;
use super::warp::Warp;
use crate::Deformed;
#[cfg(feature = "burn")]
use crate::EpochPlan;
use fude_data::Split;
use fude_model::InputScale;

/// Images of a split as an epoch deforms them, `[n, H * W]` values from 0 to 255.
pub fn deform(images: &Split, indices: &[u32], deformed: Deformed<'_>) -> Vec<f32> {
    let bytes = InputScale { mean: 0.0, std: 1.0 / 255.0 };
    let warp = Warp::of_view(&deformed, images);
    gather(images, indices, Some(&warp), None, bytes)
}

/// The inputs `[B, I]` of a step: deformed, mixed and scaled as its plan says.
#[cfg(feature = "burn")]
pub(crate) fn step_inputs(images: &Split, plan: &EpochPlan, step: u32, scale: InputScale) -> Vec<f32> {
    let warp = Warp::of_plan(plan, images);
    gather(images, plan.rows(step), warp.as_ref(), plan.mixed(step), scale)
}

fn gather(split: &Split, indices: &[u32], warp: Option<&Warp<'_>>, mixed: Option<f32>, scale: InputScale) -> Vec<f32> {
    let mut grid = Grid::new(indices.len(), split.inputs());
    let rows = 0..indices.len();
    Level::best().run(Gather { split, indices, warp, mixed, scale, output: &grid, rows });
    let mut values = Vec::with_capacity(indices.len() * split.inputs());
    grid.append_to(&mut values);
    values
}
