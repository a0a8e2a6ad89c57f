//! Colours: few, and told apart by colour-blind readers (Okabe and Ito, "Color Universal Design", 2008).

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) [u8; 3]);

/// The background.
pub(crate) const PAPER: Color = Color([255, 255, 255]);
/// Text.
pub(crate) const INK: Color = Color([31, 35, 40]);
/// Text that is not read first: ticks, notes.
pub(crate) const MUTED: Color = Color([92, 100, 110]);
/// Zeros in a table.
pub(crate) const FAINT: Color = Color([175, 181, 188]);
/// Grid lines.
pub(crate) const GRID: Color = Color([228, 231, 235]);

/// Okabe and Ito's blue.
pub(crate) const BLUE: Color = Color([0, 114, 178]);
/// Okabe and Ito's bluish green.
pub(crate) const GREEN: Color = Color([0, 158, 115]);
/// Okabe and Ito's vermillion.
pub(crate) const VERMILLION: Color = Color([213, 94, 0]);

/// From nothing to all, for what is right.
pub(crate) const RIGHT_RAMP: [Color; 4] = [Color([246, 248, 250]), Color([158, 202, 225]), BLUE, Color([0, 62, 104])];
/// From nothing to all, for what is wrong.
pub(crate) const WRONG_RAMP: [Color; 4] =
    [Color([246, 248, 250]), Color([250, 190, 130]), VERMILLION, Color([112, 40, 0])];

/// Okabe and Ito's reddish purple, deeper: as text it must be read on white.
pub(crate) const PURPLE: Color = Color([160, 74, 134]);

impl Color {
    /// This colour with `share` (in [0, 1]) of another.
    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        let channel = |i: usize| {
            let (from, to) = (f32::from(self.0[i]), f32::from(other.0[i]));
            (from + (to - from) * share.clamp(0.0, 1.0)).round() as u8
        };
        Self([channel(0), channel(1), channel(2)])
    }

    /// Relative luminance in [0, 1] (WCAG 2.1).
    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// The contrast ratio to another colour, 1 to 21 (WCAG 2.1).
    fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour of text on this background that is easier to read.
    pub(crate) fn text(self) -> Self {
        if self.contrast(INK) >= self.contrast(PAPER) { INK } else { PAPER }
    }
}

/// The colour at `position` in [0, 1] along evenly spaced stops.
pub(crate) fn ramp(stops: &[Color; 4], position: f32) -> Color {
    let along = if position.is_finite() { position.clamp(0.0, 1.0) * 3.0 } else { 0.0 };
    let first = (along as usize).min(2);
    stops[first].mix(stops[first + 1], along - first as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_on_every_colour_of_the_ramps() {
        for stops in [RIGHT_RAMP, WRONG_RAMP] {
            for step in 0..=100 {
                let background = ramp(&stops, step as f32 / 100.0);
                let contrast = background.contrast(background.text());
                assert!(contrast > 3.9, "{background:?} at {step} %: {contrast}");
            }
        }
    }

    #[test]
    fn a_ramp_runs_from_its_first_to_its_last_stop() {
        assert_eq!(ramp(&RIGHT_RAMP, 0.0), RIGHT_RAMP[0]);
        assert_eq!(ramp(&RIGHT_RAMP, 1.0), RIGHT_RAMP[3]);
        assert_eq!(ramp(&RIGHT_RAMP, f32::NAN), RIGHT_RAMP[0]);
    }
}
