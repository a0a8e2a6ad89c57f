//! From a picture to an image of the data set's form.

use crate::PredictError;
use crate::ink::Ink;
use crate::place::{place, relevel};
use fude_data::{Grey, Picture, Placement};
use std::path::Path;

/// Grey levels by which the ground of a picture of the set's own size may differ from the set's.
const SAME_GROUND: f32 = 8.0;

/// Grey levels within which a picture of the set's own size is plain.
const LEAST_CONTRAST: u8 = 12;

/// Turns pictures into images as a model's data set has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparer {
    /// How the set's images hold their ink.
    pub placement: Placement,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

impl Preparer {
    /// Reads a picture and prepares it: `[H, W]`.
    ///
    /// # Errors
    /// A file that is no picture, or one without ink.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, PredictError> {
        let blank = || PredictError::Blank { path: path.to_owned() };
        self.prepare(&opaque(Picture::read(path)?)).ok_or_else(blank)
    }

    /// The image `[H, W]` of a picture; nothing where nothing stands out from the ground.
    ///
    /// A picture of the set's own size is taken as one of its images: its ink stays where it is, only polarity and levels
    /// are found. From any other the ink is cut out, scaled and moved to where the set has it.
    pub fn prepare(&self, grey: &Grey) -> Option<Vec<u8>> {
        if grey.pixels.is_empty() {
            return None;
        }
        match (Ink::find(grey), [grey.height, grey.width] == [self.height, self.width]) {
            (Some(ink), true) => Some(self.of_same_size(grey, &ink)),
            (Some(ink), false) => Some(place(grey, &ink, &self.placement, [self.height, self.width])),
            // No ground can be told from ink, as in sets of textures: the set's own images still are.
            (None, true) if !is_plain(grey) => Some(grey.pixels.clone()),
            (None, _) => None,
        }
    }

    /// Its pixels, inverted where the set has the other polarity; with other levels where its ground is another.
    fn of_same_size(&self, grey: &Grey, ink: &Ink) -> Vec<u8> {
        let ground = f32::from(self.placement.ground);
        let inverted = ink.is_brighter() != (self.placement.ink > self.placement.ground);
        let found = if inverted { 255.0 - ink.ground_level() } else { ink.ground_level() };
        match (found - ground).abs() <= SAME_GROUND {
            true if inverted => grey.pixels.iter().map(|&value| 255 - value).collect(),
            true => grey.pixels.clone(),
            false => relevel(grey, ink, &self.placement),
        }
    }
}

fn is_plain(grey: &Grey) -> bool {
    let (low, high) = grey.pixels.iter().fold((255, 0), |(low, high), &value| (value.min(low), value.max(high)));
    high <= low.saturating_add(LEAST_CONTRAST)
}

/// A transparent picture on the ground from which it stands out: light ink on black, dark ink on white.
fn opaque(picture: Picture) -> Grey {
    let Some(alpha) = &picture.alpha else { return picture.over(0) };
    let (mut light, mut opacity) = (0u64, 0u64);
    for (&value, &alpha) in picture.grey.iter().zip(alpha) {
        light += u64::from(value) * u64::from(alpha);
        opacity += u64::from(alpha);
    }
    let is_dark = light < 128 * opacity;
    picture.over(if is_dark { 255 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn preparer() -> Preparer {
        Preparer { placement: Placement::DEFAULT, height: 28, width: 28 }
    }

    /// A 28 x 28 image with a cross that fills it.
    fn cross() -> Vec<u8> {
        (0..784)
            .map(|at| if (12..16).contains(&(at % 28)) || (12..16).contains(&(at / 28)) { 255 } else { 0 })
            .collect()
    }

    /// The cross `zoom` times as large at (40, 30) on a sheet of 400 x 300.
    fn sheet(zoom: usize, ground: u8, ink: u8) -> Grey {
        let (width, height) = (400, 300);
        let (cross, mut pixels) = (cross(), vec![ground; width * height]);
        for y in 0..28 * zoom {
            for x in 0..28 * zoom {
                let share = u32::from(cross[y / zoom * 28 + x / zoom]);
                let value = (u32::from(ground) * (255 - share) + u32::from(ink) * share) / 255;
                pixels[(30 + y) * width + 40 + x] = value as u8;
            }
        }
        Grey { height, width, pixels }
    }

    /// Mean difference to the cross in grey levels.
    fn off(image: &[u8]) -> f32 {
        image.iter().zip(cross()).map(|(a, b)| f32::from(a.abs_diff(b))).sum::<f32>() / 784.0
    }

    #[test]
    fn a_large_picture_of_an_image_gives_that_image_back() {
        // The box is right to a pixel of the view, a few tenths of one of the image: edges are that much softer.
        for (zoom, ground, ink, least) in [(2, 0, 255, 0.0), (7, 255, 0, 3.0), (9, 200, 90, 3.0)] {
            let found = off(&preparer().prepare(&sheet(zoom, ground, ink)).unwrap());
            assert!(found <= least, "{zoom} {ground} {ink}: {found}");
        }
    }

    #[test]
    fn a_texture_of_the_sets_size_is_taken_as_it_is_and_a_plain_one_is_none() {
        let pixels: Vec<u8> = (0..784u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let grey = Grey { height: 28, width: 28, pixels: pixels.clone() };
        assert_eq!(preparer().prepare(&grey), Some(pixels));
        assert_eq!(preparer().prepare(&Grey { pixels: vec![90; 784], ..grey }), None);
    }

    #[test]
    fn a_picture_of_the_sets_size_is_taken_as_it_is_but_for_its_polarity() {
        let pixels: Vec<u8> = cross().iter().map(|&value| value / 3).collect();
        let grey = Grey { height: 28, width: 28, pixels: pixels.clone() };
        assert_eq!(preparer().prepare(&grey).unwrap(), pixels);
        let inverted = Grey { pixels: pixels.iter().map(|value| 255 - value).collect(), ..grey };
        assert_eq!(preparer().prepare(&inverted).unwrap(), pixels);
    }

    #[test]
    fn a_picture_of_the_sets_size_on_another_ground_gets_the_sets_levels() {
        let pixels = cross().iter().map(|&value| if value > 0 { 40 } else { 170 }).collect();
        assert_eq!(preparer().prepare(&Grey { height: 28, width: 28, pixels }).unwrap(), cross());
    }

    #[test]
    fn a_set_with_dark_ink_gets_dark_ink() {
        let placement = Placement { ground: 255, ink: 0, ..Placement::DEFAULT };
        let prepared = Preparer { placement, ..preparer() }.prepare(&sheet(4, 0, 255)).unwrap();
        assert!(prepared.iter().zip(cross()).all(|(&dark, light)| dark == 255 - light));
    }

    #[test]
    fn transparent_ink_stands_out_whatever_its_colour() {
        for value in [0, 255] {
            let opacity = sheet(5, 0, 255);
            let picture = Picture {
                height: 300,
                width: 400,
                grey: vec![value; opacity.pixels.len()],
                alpha: Some(opacity.pixels),
            };
            let found = off(&preparer().prepare(&opaque(picture)).unwrap());
            assert!(found < 3.0, "{value}: {found}");
        }
    }

    proptest! {
        #[test]
        fn any_picture_gives_an_image_of_the_sets_size_or_none(
            width in 1usize..60,
            height in 1usize..60,
            noise in prop::collection::vec(any::<u8>(), 3600),
            mass: bool,
            side in 1f32..40.0,
        ) {
            let centre = if mass { fude_data::Centre::Mass } else { fude_data::Centre::Box };
            let placement = Placement { centre, side, ..Placement::DEFAULT };
            let grey = Grey { height, width, pixels: noise[..width * height].to_vec() };
            if let Some(image) = (Preparer { placement, height: 28, width: 20 }).prepare(&grey) {
                prop_assert_eq!(image.len(), 28 * 20);
            }
        }

        #[test]
        fn sparse_pictures_never_panic(side in 1usize..500, marks in prop::collection::vec((0usize..250_000, any::<u8>()), 0..20)) {
            let mut grey = Grey { height: side, width: 500, pixels: vec![128; side * 500] };
            for (at, value) in marks {
                let at = at % grey.pixels.len();
                grey.pixels[at] = value;
            }
            let _ = preparer().prepare(&grey);
        }
    }
}
