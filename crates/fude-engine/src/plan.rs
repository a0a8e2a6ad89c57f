//! An epoch as data: everything that decides what its steps compute.

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
}

impl EpochPlan {
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
        let plan = EpochPlan { epoch: 0, seed: 0, batch: 4, permutation: (0..9).collect(), learning_rate: vec![] };
        assert_eq!(plan.steps(), 3);
        assert_eq!(plan.rows(1), [4, 5, 6, 7]);
        assert_eq!(plan.rows(2), [8]);
    }
}
