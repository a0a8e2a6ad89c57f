//! The colours of a confusion matrix, and the key that says what they mean.

use crate::color::{Color, MUTED, RIGHT_RAMP, WRONG_RAMP, ramp};
use crate::mark::{Anchor, Area, Text};
use crate::picture::Picture;

/// Height of the bars, in units.
pub(crate) const KEY_HEIGHT: f32 = 150.0;
/// Shades in a bar of the key.
const KEY_STEPS: usize = 50;

/// The colour of a share of a row. The square root lets shares of a few percent be seen.
pub(crate) fn shade(share: f32, right: bool) -> Color {
    ramp(if right { &RIGHT_RAMP } else { &WRONG_RAMP }, share.sqrt())
}

/// What the colours mean, to the right of the matrix.
pub(crate) fn color_key(picture: &mut Picture, matrix: Area) {
    let (left, top) = (matrix.right() + 20.0, matrix.top);
    for (bar, name) in ["right", "wrong"].into_iter().enumerate() {
        let x = left + bar as f32 * 15.0;
        for step in 0..KEY_STEPS {
            let position = 1.0 - (step as f32 + 0.5) / KEY_STEPS as f32;
            let height = KEY_HEIGHT / KEY_STEPS as f32;
            let area = Area::new(x, top + step as f32 * height, 12.0, height);
            picture.rect(area, shade(position * position, bar == 0));
        }
        let below = [x + 6.0, top + KEY_HEIGHT + 7.0];
        picture.text(Text::new(name, below, 10.0).color(MUTED).anchor(Anchor::End).upward());
    }
    for percent in [0u8, 5, 25, 50, 100] {
        let y = top + KEY_HEIGHT * (1.0 - (f32::from(percent) / 100.0).sqrt());
        let text = Text::new(format!("{percent} %"), [left + 32.0, y.clamp(top + 4.0, top + KEY_HEIGHT - 4.0)], 10.0);
        picture.text(text.color(MUTED));
    }
    picture.text(Text::new("share of row", [left, top + KEY_HEIGHT + 52.0], 10.0).color(MUTED));
}
