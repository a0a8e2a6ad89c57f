//! The `[augment]` section: random deformation of training images.

use crate::range::{RangeError, check};
use serde::{Deserialize, Serialize};

/// How training images are deformed, anew in every epoch. Zeros leave them as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentConfig {
    /// Rotation, up to so many degrees either way.
    pub rotation: f64,
    /// Each axis is scaled by a factor from `1 - scale` to `1 + scale`.
    pub scale: f64,
    /// Horizontal shear, up to so many pixels a row either way.
    pub shear: f64,
    /// Translation along each axis, up to so many pixels either way.
    pub shift: f64,
    /// Probability that left and right are exchanged: for clothes, not for characters.
    pub mirror: f64,
    /// Smooth displacement along each axis: its standard deviation in pixels.
    pub elastic: f64,
    /// How smooth that is: the standard deviation in pixels of the Gaussian that noise is blurred with.
    pub elastic_sigma: f64,
    /// Strokes become thicker or thinner, up to this share of the way to the extreme of the 3 x 3 neighbours.
    pub thickness: f64,
    /// Probability that a rectangle is erased.
    pub erase: f64,
    /// Its sides are up to this share of the image's.
    pub erase_size: f64,
    /// Epochs over which the strength of all of it rises linearly from 0.
    pub ramp_epochs: u32,
    /// Last epochs over which the strength falls linearly to `final_strength`.
    pub settle_epochs: u32,
    /// The strength at the end of `settle_epochs`.
    pub final_strength: f64,
}

impl Default for AugmentConfig {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            scale: 0.0,
            shear: 0.0,
            shift: 0.0,
            mirror: 0.0,
            elastic: 0.0,
            elastic_sigma: 4.0,
            thickness: 0.0,
            erase: 0.0,
            erase_size: 0.3,
            ramp_epochs: 0,
            settle_epochs: 0,
            final_strength: 0.0,
        }
    }
}

impl AugmentConfig {
    /// The strength of an epoch, from 0, of a run of `epochs`: in [0, 1].
    pub fn strength(&self, epoch: u32, epochs: u32) -> f64 {
        let rise = (f64::from(epoch) + 1.0) / (f64::from(self.ramp_epochs) + 1.0);
        let left = f64::from(epochs.saturating_sub(epoch + 1)) / f64::from(self.settle_epochs.max(1));
        let fall = if self.settle_epochs == 0 { 1.0 } else { left.min(1.0) };
        rise.min(1.0) * (self.final_strength + (1.0 - self.final_strength) * fall)
    }

    pub(crate) fn validate(&self) -> Result<(), RangeError> {
        let within = |value: f64, most: f64| (0.0..=most).contains(&value);
        check(within(self.rotation, 180.0), "augment.rotation", "0 to 180 degrees", self.rotation)?;
        check(within(self.scale, 0.9), "augment.scale", "0 to 0.9", self.scale)?;
        check(within(self.shear, 2.0), "augment.shear", "0 to 2 pixels a row", self.shear)?;
        check(within(self.shift, 64.0), "augment.shift", "0 to 64 pixels", self.shift)?;
        check(within(self.mirror, 1.0), "augment.mirror", "a probability in [0, 1]", self.mirror)?;
        check(within(self.elastic, 16.0), "augment.elastic", "0 to 16 pixels", self.elastic)?;
        let sigma = self.elastic_sigma;
        check((1.0..=64.0).contains(&sigma), "augment.elastic_sigma", "1 to 64 pixels", sigma)?;
        check(within(self.thickness, 1.0), "augment.thickness", "0 to 1", self.thickness)?;
        check(within(self.erase, 1.0), "augment.erase", "a probability in [0, 1]", self.erase)?;
        check(within(self.erase_size, 1.0), "augment.erase_size", "a share in [0, 1]", self.erase_size)?;
        check(within(self.final_strength, 1.0), "augment.final_strength", "0 to 1", self.final_strength)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_rises_stays_and_falls() {
        let config = AugmentConfig { ramp_epochs: 3, settle_epochs: 4, final_strength: 0.2, ..Default::default() };
        let strengths: Vec<f64> = (0..12).map(|epoch| config.strength(epoch, 12)).collect();
        assert_eq!(strengths[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert!((strengths[9] - 0.6).abs() < 1e-12 && (strengths[11] - 0.2).abs() < 1e-12, "{strengths:?}");
        assert_eq!(AugmentConfig::default().strength(5, 6), 1.0);
    }

    #[test]
    fn the_longest_ramp_rises_by_next_to_nothing() {
        let config = AugmentConfig { ramp_epochs: u32::MAX, ..Default::default() };
        let strength = config.strength(0, 12);
        assert!(strength > 0.0 && strength < 1e-9, "{strength}");
    }
}
