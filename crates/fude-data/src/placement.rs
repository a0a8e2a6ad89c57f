//! How a set's images hold their ink: where it lies, how large it is, how bright. A picture from elsewhere must be
//! brought into the same form before a model of that set can be asked about it.

use crate::Split;
use std::fmt;
use std::str::FromStr;

/// What belongs to the ink: pixels with at least this share of the strongest ink's contrast to the ground.
///
/// Low enough for soft edges, high enough for noise. Sets and pictures are measured with the same share, so that a
/// picture of a set's image has that image's box, whatever the share.
pub const INK_SHARE: f32 = 0.25;

/// Training images that are measured: more change no figure.
const MEASURED: usize = 5_000;

/// Where a set's images lie in their frames, and between which grey values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The longer side of the ink's box, in pixels.
    pub side: f32,
    /// Which point of the ink has a fixed place.
    pub centre: Centre,
    /// That place, from the left edge of the image, in pixels.
    pub x: f32,
    /// That place, from the upper edge.
    pub y: f32,
    /// The grey value of the ground.
    pub ground: u8,
    /// The grey value of full ink; above or below the ground's.
    pub ink: u8,
}

/// A point of the ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centre {
    /// The middle of its box, as in KMNIST.
    Box,
    /// Its centre of mass, as in MNIST.
    Mass,
}

/// Text that is no placement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a placement such as '{}', found '{found}'", Placement::DEFAULT)]
pub struct PlacementError {
    /// The text.
    pub found: String,
}

/// What one image's ink measures.
struct Measured {
    side: f32,
    middle: [f32; 2],
    mass: [f32; 2],
    reach: f32,
}

impl Placement {
    /// KMNIST's: the ink fills the frame along its longer side.
    pub const DEFAULT: Self = Self { side: 28.0, centre: Centre::Box, x: 14.0, y: 14.0, ground: 0, ink: 255 };

    /// Measures the first 5,000 images of a split: medians, and of box and mass the one whose centre varies less.
    /// A split without ink has the whole frame and its middle.
    pub fn of(split: &Split) -> Self {
        let (ground, sign) = ground(split);
        let images = split.pixels.chunks_exact(split.inputs().max(1)).take(MEASURED);
        let measured: Vec<Measured> =
            images.filter_map(|image| Measured::of(image, split.width, f32::from(ground), sign)).collect();
        if measured.is_empty() {
            let (height, width) = (split.height as f32, split.width as f32);
            let (x, y, side) = (width / 2.0, height / 2.0, width.max(height));
            return Self { side, centre: Centre::Box, x, y, ground, ink: 255 - ground };
        }
        let along = |get: fn(&Measured) -> f32| measured.iter().map(get).collect::<Vec<f32>>();
        let middles = [along(|m| m.middle[0]), along(|m| m.middle[1])];
        let masses = [along(|m| m.mass[0]), along(|m| m.mass[1])];
        let spread = |of: &[Vec<f32>; 2]| of.iter().map(|values| variance(values)).sum::<f32>();
        let by_mass = spread(&masses) < spread(&middles);
        let (centre, [x, y]) = if by_mass { (Centre::Mass, masses) } else { (Centre::Box, middles) };
        let full = f32::from(ground) + sign * median(along(|m| m.reach));
        Self {
            side: median(along(|m| m.side)),
            centre,
            x: median(x),
            y: median(y),
            ground,
            ink: full.round().clamp(0.0, 255.0) as u8,
        }
    }
}

/// The grey value of the ground, the commonest at the edges of the images; and 1 where ink is brighter, else -1.
fn ground(split: &Split) -> (u8, f32) {
    let (height, width) = (split.height, split.width);
    let mut counts = [0u32; 256];
    let (mut sum, mut n) = (0u64, 0u64);
    for image in split.pixels.chunks_exact(split.inputs().max(1)).take(MEASURED) {
        for (at, &pixel) in image.iter().enumerate() {
            let (x, y) = (at % width, at / width);
            let at_edge = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
            counts[usize::from(pixel)] += u32::from(at_edge);
            sum += u64::from(pixel);
        }
        n += image.len() as u64;
    }
    let commonest = (0..=255u8).rev().max_by_key(|&value| counts[usize::from(value)]).unwrap_or(0);
    (commonest, if sum >= n * u64::from(commonest) { 1.0 } else { -1.0 })
}

impl Measured {
    /// Nothing for an image without ink.
    fn of(image: &[u8], width: usize, ground: f32, sign: f32) -> Option<Self> {
        let mut ink: Vec<f32> = image.iter().map(|&pixel| (sign * (f32::from(pixel) - ground)).max(0.0)).collect();
        let peak = ink.iter().copied().fold(0.0, f32::max);
        if peak <= 0.0 {
            return None;
        }
        let (mut low, mut high) = ([f32::INFINITY; 2], [0.0f32; 2]);
        let (mut moment, mut total) = ([0.0f32; 2], 0.0f32);
        for (at, &value) in ink.iter().enumerate().filter(|&(_, &value)| value >= INK_SHARE * peak) {
            let corner = [(at % width) as f32, (at / width) as f32];
            for axis in 0..2 {
                low[axis] = low[axis].min(corner[axis]);
                high[axis] = high[axis].max(corner[axis] + 1.0);
                moment[axis] += value * (corner[axis] + 0.5);
            }
            total += value;
        }
        Some(Self {
            side: (high[0] - low[0]).max(high[1] - low[1]),
            middle: [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0],
            mass: moment.map(|moment| moment / total),
            reach: reach(&mut ink),
        })
    }
}

/// The value that the strongest hundredth of the pixels reaches: what full ink is, but for a few bright specks. Reorders
/// the pixels; 0 where there are none.
pub fn reach(pixels: &mut [f32]) -> f32 {
    let rank = pixels.len() / 100;
    if pixels.is_empty() { 0.0 } else { *pixels.select_nth_unstable_by(rank, |a, b| b.total_cmp(a)).1 }
}

fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

fn variance(values: &[f32]) -> f32 {
    let n = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / n;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / n
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, centre, x, y, ground, ink } = self;
        let centre = if *centre == Centre::Box { "box" } else { "mass" };
        write!(f, "side={side} centre={centre} x={x} y={y} ground={ground} ink={ink}")
    }
}

impl FromStr for Placement {
    type Err = PlacementError;

    fn from_str(text: &str) -> Result<Self, PlacementError> {
        read(text).ok_or_else(|| PlacementError { found: text.chars().take(100).collect() })
    }
}

/// The six values, in their order.
fn read(text: &str) -> Option<Placement> {
    let mut words = text.split_whitespace();
    let mut value = |key: &str| words.next()?.strip_prefix(key)?.strip_prefix('=');
    let number = |text: &str| text.parse::<f32>().ok().filter(|value| (0.0..=1e4).contains(value));
    let side = number(value("side")?).filter(|&side| side >= 1.0)?;
    let centre = match value("centre")? {
        "box" => Centre::Box,
        "mass" => Centre::Mass,
        _ => return None,
    };
    let (x, y) = (number(value("x")?)?, number(value("y")?)?);
    let (ground, ink) = (value("ground")?.parse().ok()?, value("ink")?.parse().ok()?);
    words.next().is_none().then_some(Placement { side, centre, x, y, ground, ink })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `n` images of 10 x 10 with one bar each, from column 2 + i % 3, 4 wide and 6 high.
    fn bars(n: usize, ground: u8, ink: u8) -> Split {
        let image = |i: usize| {
            (0..100).map(move |at| {
                let (x, y) = (at % 10, at / 10);
                if (2 + i % 3..6 + i % 3).contains(&x) && (1..7).contains(&y) { ink } else { ground }
            })
        };
        Split { pixels: (0..n).flat_map(image).collect(), labels: vec![0; n], height: 10, width: 10 }
    }

    #[test]
    fn side_centre_and_levels_are_the_images_own() {
        let expected = Placement { side: 6.0, centre: Centre::Box, x: 5.0, y: 4.0, ground: 10, ink: 200 };
        assert_eq!(Placement::of(&bars(9, 10, 200)), expected);
        let expected = Placement { ground: 250, ink: 30, ..expected };
        assert_eq!(Placement::of(&bars(9, 250, 30)), expected);
    }

    #[test]
    fn the_centre_that_varies_less_is_taken() {
        // A heavy dot that stays, and a light tail that goes further in every other image.
        let image = |i: usize| {
            let tail = 5 + i % 2 * 3;
            (0..100).map(move |at| match (at % 10, at / 10) {
                (3..=4, 4..=5) => 255,
                (x, 4) if (5..=tail).contains(&x) => 70,
                _ => 0u8,
            })
        };
        let split = Split { pixels: (0..8).flat_map(image).collect(), labels: vec![0; 8], height: 10, width: 10 };
        assert_eq!(Placement::of(&split).centre, Centre::Mass);
        assert_eq!(Placement::of(&bars(9, 0, 255)).centre, Centre::Box);
    }

    #[test]
    fn blank_images_and_no_images_have_the_whole_frame() {
        for split in [bars(0, 0, 255), bars(3, 7, 7)] {
            let placement = Placement::of(&split);
            assert_eq!((placement.side, placement.x, placement.y), (10.0, 5.0, 5.0), "{placement}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in [
            "",
            "side=28",
            "side=0 centre=box x=1 y=1 ground=0 ink=255",
            "side=NaN centre=box x=1 y=1 ground=0 ink=255",
        ] {
            let error = text.parse::<Placement>().unwrap_err().to_string();
            assert!(error.starts_with("expected a placement such as 'side=28 centre=box x=14"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_placement_comes_back_from_its_text(side in 1f32..1e4, x in 0f32..1e4, y in 0f32..1e4, ground: u8, ink: u8, mass: bool) {
            let centre = if mass { Centre::Mass } else { Centre::Box };
            let placement = Placement { side, centre, x, y, ground, ink };
            prop_assert_eq!(placement.to_string().parse(), Ok(placement));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z=0-9. ]{0,60}") {
            let _ = text.parse::<Placement>();
        }
    }
}
