//! A part of a picture, reduced to a size at which it can be looked at quickly.

use fude_data::Grey;

/// Pixels along the longer side of a view: enough that a box found in it is right to a few tenths of a pixel of the
/// placed image, few enough that a look takes a fraction of a millisecond.
pub(crate) const MOST_SIDE: usize = 192;

/// Pixels of a picture from `left, top` to before `right, bottom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) right: usize,
    pub(crate) bottom: usize,
}

impl Region {
    pub(crate) fn whole(grey: &Grey) -> Self {
        Self { left: 0, top: 0, right: grey.width, bottom: grey.height }
    }

    pub(crate) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// The longer side.
    pub(crate) fn side(&self) -> usize {
        self.width().max(self.height())
    }

    /// This region with `margin` more pixels on each side, as far as `whole` goes.
    pub(crate) fn grown(&self, margin: usize, whole: &Self) -> Self {
        Self {
            left: self.left.saturating_sub(margin).max(whole.left),
            top: self.top.saturating_sub(margin).max(whole.top),
            right: (self.right + margin).min(whole.right),
            bottom: (self.bottom + margin).min(whole.bottom),
        }
    }
}

/// Means of squares of `step x step` pixels.
pub(crate) struct View {
    /// What is seen.
    pub(crate) region: Region,
    /// Picture pixels along a side of a view pixel.
    pub(crate) step: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// `[height, width]`, in grey levels.
    pub(crate) values: Vec<f32>,
}

impl View {
    /// Sees a region, which is not empty, with at most [`MOST_SIDE`] pixels along a side.
    pub(crate) fn new(grey: &Grey, region: Region) -> Self {
        let step = region.side().div_ceil(MOST_SIDE).max(1);
        let (width, height) = (region.width().div_ceil(step), region.height().div_ceil(step));
        let mut values = Vec::with_capacity(width * height);
        let mut sums = vec![0u32; width];
        for row in 0..height {
            sums.fill(0);
            let rows = region.top + row * step..(region.top + (row + 1) * step).min(region.bottom);
            for y in rows.clone() {
                let line = &grey.pixels[y * grey.width..][region.left..region.right];
                for (sum, pixels) in sums.iter_mut().zip(line.chunks(step)) {
                    *sum += pixels.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
                }
            }
            let mean = |(column, &sum): (usize, &u32)| {
                let columns = step.min(region.width() - column * step);
                sum as f32 / (columns * rows.len()) as f32
            };
            values.extend(sums.iter().enumerate().map(mean));
        }
        Self { region, step, width, height, values }
    }

    /// The pixels at the edge, each with its place: `(x, y, value)`.
    pub(crate) fn edge(&self) -> Vec<[f32; 3]> {
        let at_edge = |&(x, y): &(usize, usize)| x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height;
        let place = |(x, y): (usize, usize)| [x as f32, y as f32, self.values[y * self.width + x]];
        (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y))).filter(at_edge).map(place).collect()
    }

    /// The same view with each pixel the mean of its neighbourhood of 3 x 3.
    pub(crate) fn smoothed(&self) -> Self {
        let near = |at: usize, end: usize| at.saturating_sub(1)..(at + 2).min(end);
        let mut values = Vec::with_capacity(self.values.len());
        for y in 0..self.height {
            for x in 0..self.width {
                let (rows, columns) = (near(y, self.height), near(x, self.width));
                let count = (rows.len() * columns.len()) as f32;
                let sum: f32 = rows.map(|y| self.values[y * self.width..][columns.clone()].iter().sum::<f32>()).sum();
                values.push(sum / count);
            }
        }
        Self { values, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_the_means_of_squares_also_at_ragged_edges() {
        let side = MOST_SIDE + 1;
        let pixels = (0..side * side).map(|at| (at % side % 2 * 100) as u8).collect();
        let grey = Grey { height: side, width: side, pixels };
        let view = View::new(&grey, Region::whole(&grey));
        assert_eq!((view.step, view.width, view.height), (2, 97, 97));
        assert!(view.values.chunks(97).all(|row| row[..96].iter().all(|&v| v == 50.0) && row[96] == 0.0));
    }

    #[test]
    fn the_edge_of_a_line_is_the_line() {
        let grey = Grey { height: 1, width: 3, pixels: vec![1, 2, 3] };
        let view = View::new(&grey, Region::whole(&grey));
        assert_eq!(view.edge(), [[0.0, 0.0, 1.0], [1.0, 0.0, 2.0], [2.0, 0.0, 3.0]]);
        assert_eq!(view.smoothed().values, [1.5, 2.0, 2.5]);
    }
}
