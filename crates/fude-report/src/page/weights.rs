//! The first layer's weights, each unit's as an image of its own.

use super::element::{Section, embedded};
use crate::ReportError;
use crate::color::{BLUE, VERMILLION};
use crate::count::grouped;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// The most units shown: those with the largest weights.
const MOST_UNITS: usize = 60;

/// The weights of the layer that sees the pixels.
pub struct FirstLayer<'a> {
    /// `[I, H]` row by row: the weights from one pixel to all units lie side by side.
    pub weights: &'a [f32],
    /// H.
    pub units: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image; I = rows x columns.
    pub width: usize,
}

pub(super) fn section(layer: &FirstLayer<'_>) -> Result<Section, ReportError> {
    let inputs = layer.height * layer.width;
    if layer.units == 0 || layer.weights.len() != inputs * layer.units {
        let expected = format!("{inputs} x {} weights", layer.units);
        return Err(ReportError::shape("first layer", expected, layer.weights.len()));
    }
    let units = layer.largest();
    let shown = if units.len() < layer.units {
        format!("the {} units with the largest of {}", units.len(), grouped(layer.units as u64))
    } else {
        format!("all {} units", layer.units)
    };
    let mut out = format!(
        "<p class=\"note\">What each unit of the first layer looks for, {shown}: ink where it is <span \
         style=\"color:var(--blue)\">blue</span> excites it, where it is <span \
         style=\"color:var(--vermillion)\">orange</span> holds it down. Depth is relative to the unit's own largest \
         weight.</p><div class=\"weights\">"
    );
    for unit in units {
        let size = format!("width=\"{}\" height=\"{}\"", layer.width, layer.height);
        out += &embedded(&layer.png(unit)?, &size, &format!("Unit {unit}"));
    }
    Ok(Section::new("weights", "First layer's weights", out + "</div>"))
}

impl FirstLayer<'_> {
    /// The weights of one unit, `[H, W]`.
    fn of(&self, unit: usize) -> impl Iterator<Item = f32> {
        self.weights.iter().skip(unit).step_by(self.units).copied()
    }

    /// The units with the largest sums of squares, largest first.
    fn largest(&self) -> Vec<usize> {
        let mut squares = vec![0.0f64; self.units];
        for row in self.weights.chunks_exact(self.units) {
            squares.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += f64::from(weight).powi(2));
        }
        let mut units: Vec<usize> = (0..self.units).collect();
        units.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]).then(a.cmp(&b)));
        units.truncate(MOST_UNITS);
        units
    }

    /// Opaque where the weight is largest, transparent where it is 0, so that it stands on light and dark pages.
    fn png(&self, unit: usize) -> Result<Vec<u8>, ReportError> {
        let largest = self.of(unit).map(f32::abs).fold(f32::MIN_POSITIVE, f32::max);
        let pixel = |weight: f32| {
            let [r, g, b] = if weight > 0.0 { BLUE.0 } else { VERMILLION.0 };
            [r, g, b, (255.0 * weight.abs() / largest).round() as u8]
        };
        let pixels: Vec<u8> = self.of(unit).flat_map(pixel).collect();
        let mut png = Vec::new();
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive).write_image(
            &pixels,
            self.width as u32,
            self.height as u32,
            ExtendedColorType::Rgba8,
        )?;
        Ok(png)
    }
}
