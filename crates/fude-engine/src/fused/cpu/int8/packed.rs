//! A layer's weights in the order in which a level reads them.

use super::super::memory::padded;
use super::dots::{DotTask, Dots};
use fude_model::QuantisedLayer;

/// A cache line of weights: vectors never lie across two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([i8; 64]);

/// A layer, packed for one level.
pub(super) struct Packed {
    /// `[panels, groups, N, GROUP]`: a panel is a vector's outputs.
    weights: Vec<Line>,
    /// Outputs, padded to whole cache lines of f32.
    width: usize,
    panels: usize,
    groups: usize,
    panel_bytes: usize,
    /// `zero_point * sum over i of weight[o, i]`, `[width]`.
    pub(super) offset: Vec<i32>,
    /// `input.scale * weight_scale[o]`, `[width]`.
    pub(super) scale: Vec<f32>,
    /// `[width]`.
    pub(super) bias: Vec<f32>,
    /// O.
    pub(super) outputs: usize,
}

impl Packed {
    /// Groups of inputs.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Vectors of outputs.
    pub(super) fn panels(&self) -> usize {
        self.panels
    }

    /// Outputs with their padding.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Where a panel's weights begin; good for all its groups.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> *const i8 {
        assert!(panel < self.panels, "panel {panel} of {}", self.panels);
        self.weights.as_ptr().cast::<i8>().wrapping_add(panel * self.panel_bytes)
    }
}

/// Packs a layer for the level that runs it.
pub(super) struct Pack<'a> {
    pub(super) layer: &'a QuantisedLayer,
    pub(super) packed: &'a mut Option<Packed>,
}

impl DotTask for Pack<'_> {
    #[inline(always)]
    fn run<D: Dots>(self) {
        *self.packed = Some(pack(self.layer, D::N, D::GROUP));
    }
}

fn pack(layer: &QuantisedLayer, lanes: usize, group: usize) -> Packed {
    let (panels, groups) = (layer.outputs.div_ceil(lanes), layer.inputs.div_ceil(group));
    let panel_bytes = groups * lanes * group;
    let mut weights = vec![Line([0; 64]); (panels * panel_bytes).div_ceil(64)];
    for (o, row) in layer.weight.chunks_exact(layer.inputs).enumerate() {
        for (i, &weight) in row.iter().enumerate() {
            let place = (o / lanes) * panel_bytes + ((i / group) * lanes + o % lanes) * group + i % group;
            weights[place / 64].0[place % 64] = weight;
        }
    }
    let width = padded(layer.outputs);
    let mut packed = Packed {
        weights,
        width,
        panels,
        groups,
        panel_bytes,
        offset: vec![0; width],
        scale: vec![0.0; width],
        bias: vec![0.0; width],
        outputs: layer.outputs,
    };
    for (o, row) in layer.weight.chunks_exact(layer.inputs).enumerate() {
        let sum: i32 = row.iter().map(|&weight| i32::from(weight)).sum();
        packed.offset[o] = i32::from(layer.input.zero_point) * sum;
        packed.scale[o] = layer.input.scale * layer.weight_scale[o];
        packed.bias[o] = layer.bias[o];
    }
    packed
}
