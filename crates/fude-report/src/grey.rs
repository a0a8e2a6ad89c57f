//! Grey images as PNG files, pixel for pixel.

use crate::ReportError;
use crate::error::check_image;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// A grey image `[height, width]` as PNG bytes of the same size.
///
/// # Errors
/// [`ReportError::Shape`] where there are not `height * width` pixels, or none.
pub fn grey_png(pixels: &[u8], height: usize, width: usize) -> Result<Vec<u8>, ReportError> {
    check_image(|| "image".to_owned(), pixels, [height, width])?;
    let mut png = Vec::new();
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive).write_image(
        pixels,
        width as u32,
        height as u32,
        ExtendedColorType::L8,
    )?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_comes_back_from_its_png() {
        let pixels: Vec<u8> = (0..12).map(|value| value * 20).collect();
        let decoded = image::load_from_memory(&grey_png(&pixels, 3, 4).unwrap()).unwrap();
        assert_eq!((decoded.width(), decoded.height(), decoded.into_luma8().into_raw()), (4, 3, pixels));
        assert!(grey_png(&[0; 5], 3, 4).is_err());
    }
}
