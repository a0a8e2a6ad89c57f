//! An epoch as data: everything that decides what its steps compute.

use crate::augment::Augmentation;
use std::sync::Arc;

/// The plan of one epoch of one model. Data, no closures: every engine reads the same.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochPlan {
    /// The epoch, from 0: a counter word of every random draw.
    pub epoch: u32,
    /// The key of every random draw.
    pub seed: u32,
    /// B; the last step of an epoch may have fewer.
    pub batch: u32,
    /// The order of the training images, a permutation of `0..N`.
    pub permutation: Vec<u32>,
    /// The learning rate of each step, `[steps]`.
    pub learning_rate: Vec<f32>,
    /// How each image is deformed, anew in every epoch; none leaves images as they are.
    pub augmentation: Option<Augmentation>,
    /// Mixup's share of each row in its own input and target, one a step `[steps]`, the rest being the partner's: row
    /// `B - 1 - i` of the batch (Zhang et al. 2018; partners as timm has them). Empty: no mixup.
    pub mixup: Vec<f32>,
    /// What another model says of the images, to learn from beside the labels.
    pub teacher: Option<Teacher>,
}

/// Soft targets (Hinton, Vinyals and Dean 2015). The loss is `(1 - w) CE(target, z) + w T^2 CE(q, softmax(z / T))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Teacher {
    /// The teacher's probabilities q at temperature T, `[N, O]` by training image.
    pub probabilities: Arc<Vec<f32>>,
    /// w, in [0, 1].
    pub weight: f32,
    /// T, over 0.
    pub temperature: f32,
}

impl EpochPlan {
    /// A plan of an epoch without augmentation, mixup or teacher.
    pub fn new(epoch: u32, seed: u32, batch: u32, permutation: Vec<u32>, learning_rate: Vec<f32>) -> Self {
        let (augmentation, mixup, teacher) = (None, Vec::new(), None);
        Self { epoch, seed, batch, permutation, learning_rate, augmentation, mixup, teacher }
    }

    /// Mixup's share of the own row at a step; none without mixup.
    pub fn mixed(&self, step: u32) -> Option<f32> {
        self.mixup.get(step as usize).copied()
    }

    /// Whether both can be run in the same dispatches: as many images in batches of the same size, deformed, mixed and
    /// taught alike.
    pub(crate) fn trains_with(&self, other: &Self) -> bool {
        (self.batch, self.permutation.len()) == (other.batch, other.permutation.len())
            && self.augmentation == other.augmentation
            && self.mixup.is_empty() == other.mixup.is_empty()
            && self.teacher.is_some() == other.teacher.is_some()
    }

    /// Steps of the epoch: `ceil(N / B)`.
    pub fn steps(&self) -> u32 {
        self.permutation.len().div_ceil(self.batch as usize) as u32
    }

    /// The images of a step, `[B]` or fewer.
    pub fn rows(&self, step: u32) -> &[u32] {
        let start = step as usize * self.batch as usize;
        let end = (start + self.batch as usize).min(self.permutation.len());
        &self.permutation[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_takes_what_is_left() {
        let plan = EpochPlan::new(0, 0, 4, (0..9).collect(), vec![]);
        assert_eq!(plan.steps(), 3);
        assert_eq!(plan.rows(1), [4, 5, 6, 7]);
        assert_eq!(plan.rows(2), [8]);
    }
}
