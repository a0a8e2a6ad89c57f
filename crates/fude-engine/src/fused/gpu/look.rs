//! What a step does with images and targets beside the plain: which variant of a shader it takes.

use crate::augment::Augmentation;
use crate::{Deformed, EpochPlan};
use fude_data::Split;

/// What decides between variants of shaders.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Look {
    /// How images are deformed; none leaves them as they are.
    pub(super) warp: Option<Warping>,
    /// Whether samples are mixed with a partner.
    pub(super) mixed: bool,
    /// Whether a teacher is learnt from.
    pub(super) taught: bool,
}

/// Deformation of images of one size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Warping {
    pub(super) height: usize,
    pub(super) width: usize,
    /// With an elastic displacement of this smoothness.
    pub(super) elastic: Option<Elastic>,
}

/// The size of an elastic field, and the bits of its sigma.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Elastic {
    sigma: u32,
    /// K_y.
    pub(super) row_points: usize,
    /// K_x.
    pub(super) column_points: usize,
}

impl Warping {
    /// How `ranges` deform images of a size.
    pub(super) fn new(ranges: &Augmentation, height: usize, width: usize) -> Self {
        let elastic = ranges.elastic_field(height, width).map(|field| Elastic {
            sigma: ranges.elastic_sigma.to_bits(),
            row_points: field.row_points,
            column_points: field.column_points,
        });
        Self { height, width, elastic }
    }

    /// Floats of workgroup memory that deforming an image takes beside the image: coefficients, their sums along columns.
    pub(super) fn floats(&self) -> [usize; 2] {
        let Some(Elastic { row_points, column_points, .. }) = &self.elastic else { return [1, 1] };
        [2 * row_points * column_points, 2 * self.height * column_points]
    }

    /// The weights of the field on rows and columns, `[H, K_y]` and `[W, K_x]`.
    pub(super) fn field(&self, ranges: &Augmentation) -> Vec<f32> {
        match ranges.elastic_field(self.height, self.width) {
            Some(field) if self.elastic.is_some() => [field.rows, field.columns].concat(),
            _ => Vec::new(),
        }
    }
}

impl Look {
    /// What the plans of an epoch, one a model, ask for.
    pub(super) fn of_plans(plans: &[EpochPlan], images: &Split) -> Self {
        let ranges = plans.iter().find_map(|plan| plan.augmentation.as_ref());
        Self {
            warp: ranges.map(|ranges| Warping::new(ranges, images.height, images.width)),
            mixed: plans.iter().any(|plan| !plan.mixup.is_empty()),
            taught: plans.iter().any(|plan| plan.teacher.is_some()),
        }
    }

    /// What a view of images asks for.
    pub(super) fn of_view(deformed: Option<&Deformed<'_>>, images: &Split) -> Self {
        let warp = deformed.map(|deformed| Warping::new(deformed.augmentation, images.height, images.width));
        Self { warp, ..Self::default() }
    }

    /// Whether the first layer's input is made as floats, and not read from bytes.
    pub(super) fn floats(&self) -> bool {
        self.warp.is_some() || self.mixed
    }

    /// Floats of workgroup memory that making the first layer's input takes; 0 where it is read from bytes.
    pub(super) fn workgroup_floats(&self, inputs: usize) -> usize {
        let warp = self.warp.as_ref().map_or(0, |warp| warp.floats().iter().sum());
        if self.floats() { warp + inputs.next_multiple_of(4) } else { 0 }
    }
}
