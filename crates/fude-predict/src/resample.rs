//! Which source pixels make an output pixel, along one axis.

/// The source pixels from `first` on that make one output pixel, with their weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taps {
    pub(crate) first: usize,
    pub(crate) weights: Vec<f32>,
}

/// An axis: output pixel `i` shows the source from `from + (i - to) * step` on, over `step` source pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Source pixels an output pixel.
    pub(crate) step: f32,
    /// The point of the source (0 is the left edge of its first pixel) ...
    pub(crate) from: f32,
    /// ... that comes to this point of the output.
    pub(crate) to: f32,
}

impl Axis {
    /// The taps of each of `outputs` pixels, of a source of which `low` to before `high` is taken and the rest is ground.
    pub(crate) fn taps(&self, outputs: usize, low: usize, high: usize) -> Vec<Taps> {
        (0..outputs).map(|output| self.tap(output as f32, low, high)).collect()
    }

    fn tap(&self, output: f32, low: usize, high: usize) -> Taps {
        let start = self.from + (output - self.to) * self.step;
        // Shrinking averages what a pixel covers; magnifying interpolates between the two nearest pixels.
        let reach = self.step.max(1.0);
        let (start, end) = (start + (self.step - reach) / 2.0, start + (self.step + reach) / 2.0);
        let within = |at: f32| at.clamp(low as f32, high as f32) as usize;
        let (first, last) = (within(start.floor()), within(end.ceil()));
        let weight = |pixel: usize| {
            let covered = end.min(pixel as f32 + 1.0) - start.max(pixel as f32);
            (covered / reach).max(0.0)
        };
        Taps { first, weights: (first..last).map(weight).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_size_is_the_same_pixels() {
        let axis = Axis { step: 1.0, from: 0.0, to: 0.0 };
        for (index, taps) in axis.taps(3, 0, 3).into_iter().enumerate() {
            assert_eq!(taps, Taps { first: index, weights: vec![1.0] });
        }
    }

    #[test]
    fn shrinking_averages_and_magnifying_interpolates() {
        let shrunk = Axis { step: 2.5, from: 0.0, to: 0.0 }.taps(2, 0, 5);
        assert_eq!(shrunk[0].weights, [0.4, 0.4, 0.2]);
        assert_eq!((shrunk[1].first, shrunk[1].weights.as_slice()), (2, &[0.2, 0.4, 0.4][..]));
        let magnified = Axis { step: 0.5, from: 1.0, to: 2.0 }.taps(4, 0, 2);
        assert_eq!(magnified[1].weights, [0.75, 0.25]);
        assert_eq!(magnified[2].weights, [0.25, 0.75]);
    }

    #[test]
    fn what_lies_outside_weighs_nothing() {
        let taps = Axis { step: 2.0, from: 3.0, to: 3.0 }.taps(7, 2, 4);
        let sums: Vec<f32> = taps.iter().map(|taps| taps.weights.iter().sum()).collect();
        assert_eq!(sums, [0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0]);
    }
}
