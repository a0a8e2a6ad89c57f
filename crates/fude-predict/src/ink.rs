//! Where the ink of a picture is, and whether it is dark or light.
//!
//! The whole picture is looked at from afar, then what was found from nearer by, until nearer shows nothing new: the
//! cost hardly depends on the picture's size, and averaging takes the noise away.

use crate::ground::Ground;
use crate::specks::remove_specks;
use crate::view::{Region, View};
use fude_data::{Grey, INK_SHARE};

/// Grey levels by which ink must differ from its ground, and the multiple of the ground's spread: 37,000 pixels of
/// normal noise reach 4.5.
const LEAST_CONTRAST: f32 = 12.0;
const LEAST_OVER_SPREAD: f32 = 7.0;
/// A pixel counts as ink only this many spreads from the ground.
const OVER_SPREAD: f32 = 4.0;
/// The most looks; from 4,096 pixels to a character of 40, three are enough.
const MOST_LOOKS: usize = 5;
/// A nearer look is taken while it shows a region smaller by this factor.
const NEARER: f32 = 0.8;
/// Ground seen on each side of the ink, as a share of its longer side.
const MARGIN: f32 = 0.15;

/// The ink of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Ink {
    /// Corners of its box in picture pixels: left, top, right, bottom.
    pub(crate) bounds: [f32; 4],
    /// Its centre of mass in picture pixels.
    pub(crate) mass: [f32; 2],
    /// Standard deviation of the ground's noise in one picture pixel, in grey levels, if it is white.
    pub(crate) noise: f32,
    /// 1 where it is brighter than its ground, -1 where it is darker.
    sign: f32,
    ground: Ground,
    origin: [f32; 2],
    step: f32,
}

impl Ink {
    /// Finds it; nothing in a picture without a contrast that stands out from its noise.
    pub(crate) fn find(grey: &Grey) -> Option<Self> {
        let whole = Region::whole(grey);
        let mut look = Look::at(grey, whole, None)?;
        for _ in 1..MOST_LOOKS {
            let found = look.region();
            let margin = (MARGIN * found.side() as f32).ceil() as usize + 2 * look.view.step;
            let nearer = found.grown(margin, &whole);
            if nearer.side() as f32 > NEARER * look.view.region.side() as f32 {
                break;
            }
            // The first look has the most ground at its edge: it decides what is ink and what is ground.
            look = Look::at(grey, nearer, Some(look.sign))?;
        }
        Some(look.ink())
    }

    /// The strength of the ink in a pixel of the picture: its contrast to the ground in grey levels, below 0 where it
    /// lies on the other side of it.
    pub(crate) fn strength(&self, x: usize, y: usize, value: u8) -> f32 {
        let along = |at: usize, axis: usize| (at as f32 + 0.5 - self.origin[axis]) / self.step - 0.5;
        self.sign * (f32::from(value) - self.ground.at(along(x, 0), along(y, 1)))
    }

    /// The grey level of the ground where the last look began.
    pub(crate) fn ground_level(&self) -> f32 {
        self.ground.at(0.0, 0.0)
    }

    /// Whether it is brighter than its ground.
    pub(crate) fn is_brighter(&self) -> bool {
        self.sign > 0.0
    }
}

/// One look at a region.
struct Look {
    view: View,
    ground: Ground,
    sign: f32,
    noise: f32,
    /// What stands out, `[height, width]` of the view.
    ink: Vec<bool>,
}

impl Look {
    /// Nothing where nothing stands out. `sign` is that of an earlier look.
    fn at(grey: &Grey, region: Region, sign: Option<f32>) -> Option<Self> {
        let view = View::new(grey, region);
        let raw = Seen::of(&view, sign);
        let noise = raw.ground.spread * view.step as f32;
        if OVER_SPREAD * raw.ground.spread <= INK_SHARE * raw.peak {
            return raw.ink(view, noise);
        }
        let smoothed = view.smoothed();
        Seen::of(&smoothed, sign.or(Some(raw.sign))).ink(smoothed, noise)
    }

    /// The box of the ink in picture pixels; there is ink.
    fn region(&self) -> Region {
        let (width, step, seen) = (self.view.width, self.view.step, self.view.region);
        let mut found = Region { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0 };
        for at in (0..self.ink.len()).filter(|&at| self.ink[at]) {
            let (x, y) = (seen.left + at % width * step, seen.top + at / width * step);
            found.left = found.left.min(x);
            found.top = found.top.min(y);
            found.right = found.right.max((x + step).min(seen.right));
            found.bottom = found.bottom.max((y + step).min(seen.bottom));
        }
        found
    }

    fn ink(&self) -> Ink {
        let Region { left, top, right, bottom } = self.region();
        let origin = [self.view.region.left as f32, self.view.region.top as f32];
        let step = self.view.step as f32;
        let mass = self.mass().map(|at| (at + 0.5) * step);
        Ink {
            bounds: [left, top, right, bottom].map(|at| at as f32),
            mass: [origin[0] + mass[0], origin[1] + mass[1]],
            noise: self.noise,
            sign: self.sign,
            ground: self.ground,
            origin,
            step,
        }
    }

    /// The centre of mass in view pixels.
    fn mass(&self) -> [f32; 2] {
        let (mut moment, mut total) = ([0.0f32; 2], 0.0f32);
        for at in (0..self.ink.len()).filter(|&at| self.ink[at]) {
            let place = [(at % self.view.width) as f32, (at / self.view.width) as f32];
            let strength = self.sign * (self.view.values[at] - self.ground.at(place[0], place[1]));
            moment = [0, 1].map(|axis| moment[axis] + strength * place[axis]);
            total += strength;
        }
        moment.map(|moment| moment / total.max(f32::MIN_POSITIVE))
    }
}

/// A view with its ground taken away.
struct Seen {
    ground: Ground,
    sign: f32,
    /// The strength of ink, `[height, width]`.
    strength: Vec<f32>,
    peak: f32,
}

impl Seen {
    fn of(view: &View, sign: Option<f32>) -> Self {
        let ground = Ground::of(view);
        let place = |at: usize| ((at % view.width) as f32, (at / view.width) as f32);
        let contrast = |(at, value): (usize, &f32)| value - ground.at(place(at).0, place(at).1);
        let mut strength: Vec<f32> = view.values.iter().enumerate().map(contrast).collect();
        let sign = sign.unwrap_or_else(|| side_of_ink(&strength, ground.spread));
        strength.iter_mut().for_each(|value| *value *= sign);
        let peak = strength.iter().copied().fold(0.0, f32::max);
        Self { ground, sign, strength, peak }
    }

    fn ink(self, view: View, noise: f32) -> Option<Look> {
        let Self { ground, sign, strength, peak } = self;
        if peak < LEAST_CONTRAST.max(LEAST_OVER_SPREAD * ground.spread) {
            return None;
        }
        let least = (INK_SHARE * peak).max(OVER_SPREAD * ground.spread);
        let mut ink: Vec<bool> = strength.iter().map(|&value| value >= least).collect();
        remove_specks(&mut ink, view.width);
        Some(Look { view, ground, sign, noise, ink })
    }
}

/// 1 where more stands out from the ground upwards, -1 where more does downwards.
fn side_of_ink(contrast: &[f32], spread: f32) -> f32 {
    let noise = (OVER_SPREAD * spread).max(1.0);
    let beyond: f32 = contrast.iter().filter(|value| value.abs() > noise).sum();
    if beyond < 0.0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with a bar of `ink` on `ground`, columns 100..140, rows 200..300 of 400 x 500.
    fn bar(ground: u8, ink: u8) -> Grey {
        let (width, height) = (400, 500);
        let value = |at: usize| {
            let (x, y) = (at % width, at / width);
            if (100..140).contains(&x) && (200..300).contains(&y) { ink } else { ground }
        };
        Grey { height, width, pixels: (0..width * height).map(value).collect() }
    }

    #[test]
    fn ink_is_found_whether_dark_or_light() {
        for (ground, ink) in [(0, 255), (255, 0), (200, 60), (90, 130)] {
            let found = Ink::find(&bar(ground, ink)).unwrap();
            let off = [100.0, 200.0, 140.0, 300.0].iter().zip(found.bounds).map(|(a, b)| (a - b).abs());
            assert!(off.fold(0.0, f32::max) <= 1.0, "{found:?}");
            assert!((found.mass[0] - 120.0).abs() < 1.0 && (found.mass[1] - 250.0).abs() < 1.0, "{found:?}");
            let contrast = f32::from(ink.abs_diff(ground));
            assert!((found.strength(120, 250, ink) - contrast).abs() < 0.01);
            assert!(found.strength(0, 0, ground).abs() < 0.01);
        }
    }

    #[test]
    fn a_small_character_on_a_large_sheet_is_found_to_the_pixel() {
        let (width, height) = (4096, 3000);
        let mut grey = Grey { height, width, pixels: vec![230; width * height] };
        for y in 1700..1720 {
            grey.pixels[y * width + 900..y * width + 930].fill(20);
        }
        assert_eq!(Ink::find(&grey).unwrap().bounds, [900.0, 1700.0, 930.0, 1720.0]);
    }

    #[test]
    fn plain_and_noisy_sheets_have_no_ink() {
        let noisy = (0..300 * 300u32).map(|at| 120 + (at.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        for pixels in [vec![7; 90_000], noisy] {
            assert!(Ink::find(&Grey { height: 300, width: 300, pixels }).is_none());
        }
        assert!(Ink::find(&Grey { height: 1, width: 1, pixels: vec![255] }).is_none());
    }
}
