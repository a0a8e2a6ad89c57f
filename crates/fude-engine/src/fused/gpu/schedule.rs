//! Which dispatches a step has, and how each is cut: a function of the model's shape, the batch and the tuning alone.

use super::places::Places;
use super::tuning::Tuning;

/// Cells (vec4<f32>) of workgroup memory in WebGPU's default limits.
const CELLS: usize = 16_384 / 16;
/// Cells that sums over a workgroup take, where rows are normalised.
pub(super) const SCRATCH: usize = 32;
/// Fewest quads of depth in a slice of a product: below, writing and reading the partial sums costs more than it saves.
const MIN_SLICE: usize = 16;

/// A shader's part in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Work {
    Deform,
    ForwardImages,
    Forward,
    Hidden,
    Tail,
    Backward,
    Normalize,
    Update,
    Gradient,
    Adam,
    Logits,
}

/// One dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dispatch {
    pub(super) work: Work,
    /// The layer that it works on, or the tail's first.
    pub(super) layer: usize,
    /// How the depth of the product that it makes, or adds up, is cut.
    pub(super) slices: Slices,
}

/// Parts of a product's depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slices {
    pub(super) count: usize,
    /// Quads in each but the last.
    pub(super) length: usize,
}

impl Slices {
    const NONE: Self = Self { count: 1, length: 0 };
}

/// The layers that one workgroup takes from input to loss and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The first of them; L where the loss alone is left.
    pub(super) layer: usize,
    /// Groups of four rows of a workgroup.
    pub(super) groups: usize,
    /// Where the second half of its cells begins.
    pub(super) half: usize,
    /// Its cells.
    pub(super) cells: usize,
}

impl Tail {
    /// As many of the last layers as fit into workgroup memory and are small.
    pub(super) fn new(places: &Places, tuning: &Tuning) -> Self {
        let layers = places.layers.len();
        let mut best = Self::from_layer(places, layers, tuning.tail_groups as usize);
        let mut weights = 0;
        for layer in (1..layers).rev() {
            weights += places.layers[layer].inputs * places.layers[layer].outputs;
            let fitting = (1..=tuning.tail_groups as usize).rev().map(|groups| Self::from_layer(places, layer, groups));
            match fitting.into_iter().find(|tail| tail.cells + SCRATCH <= CELLS) {
                Some(tail) if weights <= tuning.tail_weights => best = tail,
                _ => break,
            }
        }
        best
    }

    fn from_layer(places: &Places, layer: usize, groups: usize) -> Self {
        // What cells hold in turn: the tail's input, then each layer's output, which is the next one's input.
        let mut widths: Vec<usize> = places.layers[layer..].iter().map(|place| place.input_quads).collect();
        widths.extend(places.layers.last().map(|place| place.output_quads));
        let largest = |first: usize| widths.iter().skip(first).step_by(2).max().map_or(0, |quads| 4 * quads * groups);
        let half = largest(0);
        Self { layer, groups, half, cells: half + largest(1) }
    }
}

/// What a network is, for the schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network<'a> {
    pub(super) places: &'a Places,
    pub(super) tail: Tail,
    /// Whether hidden layers are normalised.
    pub(super) normalizes: bool,
    /// Whether gradients are clipped by their norm.
    pub(super) clips: bool,
    /// Whether the first layer's input is made as floats.
    pub(super) floats: bool,
}

/// The cut of a product of `rows` rows and `quads` quads with a depth of `depth` quads, in tiles of `tile` (rows, quads).
pub(super) fn slices(rows: usize, quads: usize, depth: usize, tile: (usize, usize), tuning: &Tuning) -> Slices {
    let tiles = rows.div_ceil(tile.0) * quads.div_ceil(tile.1);
    let wanted = (tuning.workgroups as usize).div_ceil(tiles).clamp(1, (depth / MIN_SLICE).max(1));
    let length = depth.div_ceil(wanted);
    Slices { count: depth.div_ceil(length), length }
}

/// The dispatches of a training step, in their order.
pub(super) fn training(network: &Network, rows: usize, tile: (usize, usize), tuning: &Tuning) -> Vec<Dispatch> {
    let (mut all, last) = forward(network, rows, tile, tuning);
    let tail = network.tail.layer;
    all.push(Dispatch { work: Work::Tail, layer: tail, slices: last });
    for layer in (1..tail).rev() {
        all.push(Dispatch { work: Work::Backward, layer, slices: Slices::NONE });
        if network.normalizes {
            all.push(Dispatch { work: Work::Normalize, layer: layer - 1, slices: Slices::NONE });
        }
    }
    let update: &[Work] = if network.clips { &[Work::Gradient, Work::Adam] } else { &[Work::Update] };
    all.extend(update.iter().map(|&work| Dispatch { work, layer: 0, slices: Slices::NONE }));
    all
}

/// The dispatches of an evaluation, in their order.
pub(super) fn evaluation(network: &Network, rows: usize, tile: (usize, usize), tuning: &Tuning) -> Vec<Dispatch> {
    let (mut all, last) = forward(network, rows, tile, tuning);
    all.push(Dispatch { work: Work::Logits, layer: network.tail.layer, slices: last });
    all
}

/// The dispatches before the tail, and how the product that the tail adds up is cut.
fn forward(network: &Network, rows: usize, tile: (usize, usize), tuning: &Tuning) -> (Vec<Dispatch>, Slices) {
    let mut all = Vec::new();
    let mut cut = Slices::NONE;
    if network.floats {
        all.push(Dispatch { work: Work::Deform, layer: 0, slices: cut });
    }
    for layer in 0..network.tail.layer {
        let place = &network.places.layers[layer];
        if layer > 0 {
            all.push(Dispatch { work: Work::Hidden, layer: layer - 1, slices: cut });
        }
        cut = slices(rows, place.output_quads, place.input_quads, tile, tuning);
        let work = if layer == 0 && !network.floats { Work::ForwardImages } else { Work::Forward };
        all.push(Dispatch { work, layer, slices: cut });
    }
    (all, cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AdapterKind;
    use Work::{Adam, Backward, Deform, Forward, ForwardImages, Gradient, Hidden, Normalize, Tail as TailWork, Update};
    use fude_model::MlpConfig;

    const TILE: (usize, usize) = (64, 16);

    fn plan(hidden: &[usize], batch: usize, kind: AdapterKind) -> (Tail, Vec<Dispatch>) {
        let places = Places::new(&MlpConfig { hidden: hidden.to_vec(), ..Default::default() }.layout());
        let tuning = Tuning::of(kind);
        let tail = Tail::new(&places, &tuning);
        let network = Network { places: &places, tail, normalizes: false, clips: false, floats: false };
        (tail, training(&network, batch, TILE, &tuning))
    }

    fn works(hidden: &[usize]) -> Vec<Work> {
        plan(hidden, 128, AdapterKind::Integrated).1.iter().map(|dispatch| dispatch.work).collect()
    }

    #[test]
    fn the_study_s_models_take_three_dispatches_a_step() {
        for hidden in [&[][..], &[128], &[256, 128, 64]] {
            assert_eq!(works(hidden), [ForwardImages, TailWork, Update], "{hidden:?}");
        }
    }

    #[test]
    fn layers_too_large_for_workgroup_memory_get_dispatches_of_their_own() {
        assert_eq!(works(&[2048]), [ForwardImages, Hidden, Forward, TailWork, Backward, Update]);
        let deep = works(&[2048; 8]);
        assert_eq!(deep.len(), 9 + 8 + 1 + 8 + 1);
        assert_eq!(works(&[1000, 100]), [ForwardImages, Hidden, Forward, TailWork, Backward, Update]);
    }

    #[test]
    fn what_is_asked_for_beside_the_plain_adds_dispatches() {
        let tuning = Tuning::of(AdapterKind::Integrated);
        let works = |hidden: &[usize], [normalizes, clips, floats]: [bool; 3]| -> Vec<Work> {
            let places = Places::new(&MlpConfig { hidden: hidden.to_vec(), ..Default::default() }.layout());
            let network = Network { places: &places, tail: Tail::new(&places, &tuning), normalizes, clips, floats };
            training(&network, 128, TILE, &tuning).iter().map(|dispatch| dispatch.work).collect()
        };
        assert_eq!(works(&[256, 128, 64], [true, false, false]), [ForwardImages, TailWork, Update]);
        assert_eq!(works(&[256, 128, 64], [true, true, true]), [Deform, Forward, TailWork, Gradient, Adam]);
        let deep = works(&[1000, 100], [true, false, false]);
        assert_eq!(deep, [ForwardImages, Hidden, Forward, TailWork, Backward, Normalize, Update]);
    }

    #[test]
    fn a_tail_fits_workgroup_memory_and_slices_cover_the_depth() {
        for hidden in [&[][..], &[1], &[127], &[129, 17], &[256, 128, 64], &[500, 100], &[700], &[2048, 2048], &[1; 8]]
        {
            for kind in [AdapterKind::Integrated, AdapterKind::Discrete] {
                for batch in [1, 16, 128, 2048] {
                    let (tail, dispatches) = plan(hidden, batch, kind);
                    assert!(tail.cells + SCRATCH <= CELLS && tail.half <= tail.cells, "{hidden:?}: {tail:?}");
                    assert!(tail.layer >= 1 && tail.groups >= 1);
                    let Slices { count, length } = dispatches[0].slices;
                    assert!(count * length >= 197 && (count - 1) * length < 197, "{count} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_small_batch_is_cut_in_slices_until_the_gpu_is_full() {
        let (_, dispatches) = plan(&[128], 128, AdapterKind::Integrated);
        assert_eq!(dispatches[0].slices, Slices { count: 12, length: 17 });
        let (_, dispatches) = plan(&[256, 128, 64], 2048, AdapterKind::Integrated);
        assert_eq!(dispatches[0].slices, Slices { count: 1, length: 197 });
    }
}
