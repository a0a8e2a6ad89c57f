//! Random deformation of images: which ones there are, and what is drawn for an image.
//!
//! An output pixel at `(x, y)` is read from the image at `M (x, y, 1) + D(x, y)`, bilinearly, zeros outside: `M` is an
//! affine map made on the host, `D` a smooth random displacement. Then strokes become thicker or thinner, and a rectangle
//! may be erased. Every number is a function of (seed, epoch, sample), whatever the batch, the engine and the device.

mod affine;
mod deformation;
mod elastic;
mod sine;

pub use crate::fused::deform;
pub use deformation::Deformation;
pub use elastic::ElasticField;

/// Ranges of random deformation. Zeros leave an image as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Rotation, up to so many degrees either way.
    pub rotation: f32,
    /// Each axis is scaled by a factor from `1 - scale` to `1 + scale`.
    pub scale: f32,
    /// Horizontal shear, up to so many pixels a row either way.
    pub shear: f32,
    /// Translation along each axis, up to so many pixels either way.
    pub shift: f32,
    /// Probability that left and right are exchanged.
    pub mirror: f32,
    /// Elastic displacement along each axis: its standard deviation in pixels.
    pub elastic: f32,
    /// How smooth the displacement is: the standard deviation in pixels of the Gaussian that noise is blurred with.
    pub elastic_sigma: f32,
    /// Stroke thickness: up to this share of the way to the brightest (thicker) or darkest (thinner) of the 3 x 3
    /// neighbours.
    pub thickness: f32,
    /// Probability that a rectangle is erased (Zhong et al. 2020).
    pub erase: f32,
    /// Its sides are up to this share of the image's.
    pub erase_size: f32,
}

/// Operations, the third counter word of a draw. Values never change meaning.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Operation {
    /// Lanes: rotation, scale x, scale y, shear, shift x, shift y, thickness, whether to erase, whether to mirror.
    Affine = 0,
    /// Element `(component * K_y + i) * K_x + j` of the coefficients.
    Elastic = 1,
    /// Lanes: left, top, width, height.
    Erase = 2,
}

impl Augmentation {
    /// The same deformations, weaker: every range times `strength`, in [0, 1].
    pub fn scaled(&self, strength: f32) -> Self {
        Self {
            rotation: self.rotation * strength,
            scale: self.scale * strength,
            shear: self.shear * strength,
            shift: self.shift * strength,
            mirror: self.mirror * strength,
            elastic: self.elastic * strength,
            elastic_sigma: self.elastic_sigma,
            thickness: self.thickness * strength,
            erase: self.erase * strength,
            erase_size: self.erase_size,
        }
    }

    /// The displacement field of images `height` x `width`; none where nothing is displaced.
    pub fn elastic_field(&self, height: usize, width: usize) -> Option<ElasticField> {
        (self.elastic > 0.0).then(|| ElasticField::new(self.elastic, self.elastic_sigma, height, width))
    }
}
