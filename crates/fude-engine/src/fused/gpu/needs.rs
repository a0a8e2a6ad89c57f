//! What the fused engine on a GPU cannot do.

use super::MAX_MODELS;
use super::look::{Look, Warping};
use super::open::Gpu;
use super::pace::MAX_STEPS;
use super::places::{Places, Rows};
use crate::Needs;
use fude_model::Normalization;

/// Why a GPU cannot train this, in words that follow "engine 'fused'"; none where it can.
pub(crate) fn unsupported(gpu: &Gpu, needs: &Needs) -> Option<String> {
    if needs.model.residual {
        return Some("has residual connections on the CPU alone: its shaders go from layer to layer".into());
    }
    let most = gpu.largest_binding();
    let places = Places::new(&needs.model.layout());
    let normalizes = needs.model.normalization == Normalization::Layer;
    let look = look(needs);
    let image = places.words().div_ceil(4);
    // Images that do not all fit come with each submission.
    let fit = 16 * (needs.samples * image) as u64 <= most;
    let uploaded = if fit { 0 } else { MAX_STEPS * needs.batch * image };
    let rows = Rows::new(&places, needs.batch, normalizes, look.floats());
    if needs.models > MAX_MODELS {
        return Some(format!("trains at most {MAX_MODELS} models at once on a GPU, these are {}", needs.models));
    }
    let largest = [
        ("the weights", places.weights),
        ("a batch's activations", rows.input_stride),
        ("a batch's gradients", rows.delta_stride),
        ("the images of a submission", uploaded),
    ];
    let of_all = largest.map(|(what, quads)| (what, quads * needs.models));
    let too_large = of_all.into_iter().find(|(_, quads)| 16 * *quads as u64 > most);
    if let Some((what, quads)) = too_large {
        return Some(format!("needs {} MB for {what}, a shader of this GPU sees {}", quads >> 16, most >> 20));
    }
    let (floats, room) = (look.workgroup_floats(needs.model.inputs), gpu.workgroup_floats());
    (floats > room).then(|| {
        let pixels = needs.model.inputs;
        format!(
            "deforms or mixes smaller images on a GPU: {pixels} pixels take {floats} floats of a workgroup's {room}"
        )
    })
}

fn look(needs: &Needs) -> Look {
    let [height, width] = needs.image;
    let warp = needs.augmentation.as_ref().map(|ranges| Warping::new(ranges, height, width));
    Look { warp, mixed: needs.mixed, taught: false }
}
