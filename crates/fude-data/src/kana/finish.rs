//! From ink to grey values: paper grain, blur, contrast and noise, as a scan of an old print has them.

use fude_random::Sequence;

use super::brush::Canvas;

/// How an image was scanned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// How much ink the paper's grain takes away at most, as a share.
    grain: f32,
    /// Weight of each of the two neighbours in a blur along an axis.
    blur: f32,
    /// Below this much ink a pixel is background.
    cut: f32,
    /// Ink above the cut is stretched by this much.
    gain: f32,
    /// Spread of the noise, as a share of full ink.
    noise: f32,
}

impl Scan {
    /// Draws a scan.
    pub(super) fn draw(draws: &mut Sequence) -> Self {
        Self {
            grain: draws.range(0.1, 0.6),
            blur: draws.range(0.05, 0.2),
            cut: draws.range(0.05, 0.2),
            gain: draws.range(1.3, 2.4),
            noise: draws.range(0.0, 0.08),
        }
    }

    /// The grey values `[size, size]` of a canvas.
    pub(super) fn develop(&self, mut canvas: Canvas, draws: &mut Sequence) -> Vec<u8> {
        canvas.ink.iter_mut().filter(|ink| **ink > 0.0).for_each(|ink| *ink *= 1.0 - self.grain * draws.unit());
        blur(&mut canvas, self.blur);
        canvas.ink.iter().map(|&ink| self.grey(ink, draws)).collect()
    }

    /// Noise shows where there is ink; paper is cut away to 0, as in KMNIST, two thirds of whose pixels are 0.
    fn grey(&self, ink: f32, draws: &mut Sequence) -> u8 {
        if ink <= self.cut {
            return 0;
        }
        to_grey((ink - self.cut) * self.gain + self.noise * draws.bell())
    }
}

/// The nearest of 256 grey values to an amount of ink.
pub(super) fn to_grey(ink: f32) -> u8 {
    // A cast from f32 saturates.
    (ink * 255.0 + 0.5) as u8
}

/// Blurs along rows and then along columns; beyond the border is paper.
fn blur(canvas: &mut Canvas, weight: f32) {
    let size = canvas.size;
    (0..size).for_each(|y| blur_line(&mut canvas.ink[y * size..][..size], 1, weight));
    (0..size).for_each(|x| blur_line(&mut canvas.ink[x..], size, weight));
}

/// Blurs every `stride`-th value along a line, each with its neighbours before they were blurred.
fn blur_line(line: &mut [f32], stride: usize, weight: f32) {
    let mut before = 0.0;
    for index in (0..line.len()).step_by(stride) {
        let (here, after) = (line[index], line.get(index + stride).copied().unwrap_or(0.0));
        line[index] = here * (1.0 - 2.0 * weight) + (before + after) * weight;
        before = here;
    }
}

#[cfg(test)]
mod tests {
    use fude_random::Stream;

    use super::*;

    #[test]
    fn blur_spreads_a_dot_evenly_and_keeps_its_ink() {
        let mut canvas = Canvas::new(5);
        canvas.ink[12] = 1.0;
        blur(&mut canvas, 0.25);
        let expected = [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]];
        for (y, row) in expected.iter().enumerate() {
            for (x, share) in row.iter().enumerate() {
                assert_eq!(canvas.ink[(y + 1) * 5 + x + 1], share / 16.0, "row {y}, column {x}");
            }
        }
        assert_eq!(canvas.ink.iter().sum::<f32>(), 1.0);
    }

    #[test]
    fn blank_paper_stays_blank() {
        let mut draws = Sequence::new(1, Stream::Kana, [0, 0]);
        let scan = Scan::draw(&mut draws);
        assert!(scan.develop(Canvas::new(28), &mut draws).iter().all(|&grey| grey == 0));
    }

    #[test]
    fn grey_values_saturate() {
        assert_eq!([-1.0, 0.0, 0.5, 1.0, 7.0].map(to_grey), [0, 0, 128, 255, 255]);
    }
}
