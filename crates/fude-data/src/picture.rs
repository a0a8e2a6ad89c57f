//! Picture files: PNG, JPEG and BMP, decoded within limits that hold before anything is allocated.

use crate::DataError;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

/// What is read, by lower-case extension; the content then decides between the formats.
const EXTENSIONS: [&str; 4] = ["png", "jpg", "jpeg", "bmp"];

/// The largest width and height of a picture: a phone's 12 megapixels.
pub const MAX_PICTURE_SIDE: u32 = 4096;

/// The most memory that decoding one may take: that of RGBA at the largest size.
const MAX_DECODED_BYTES: u64 = 4 * (MAX_PICTURE_SIDE as u64).pow(2);

/// The largest file: as many bytes as its pixels may have, and some for what is not pixels.
const MAX_FILE_BYTES: u64 = MAX_DECODED_BYTES + (1 << 20);

/// A decoded picture, as its file has it, turned upright where the file says how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Luminance `[H, W]`, whatever its opacity.
    pub grey: Vec<u8>,
    /// Opacity `[H, W]`, 0 where nothing is; none where the whole picture is opaque.
    pub alpha: Option<Vec<u8>>,
}

/// An opaque grey picture `[H, W]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grey {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Luminance `[H, W]`.
    pub pixels: Vec<u8>,
}

/// Whether a file's name is that of a picture: an extension that is read, and not hidden.
pub fn has_picture_name(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    !hidden && EXTENSIONS.contains(&extension.as_str())
}

impl Picture {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, is none of PNG, JPEG and BMP, is damaged, or is larger than the limits.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        Self::decode(&content(path)?, path)
    }

    /// Decodes a file's content; `path` is for messages.
    ///
    /// # Errors
    /// As [`Picture::read`].
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self, DataError> {
        let bad = |error: ImageError| DataError::BadImage { path: path.to_owned(), why: why(&error) };
        Ok(Self::of(upright(bytes).map_err(bad)?))
    }

    fn of(picture: DynamicImage) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        if !picture.color().has_alpha() {
            return Self { height, width, grey: picture.into_luma8().into_raw(), alpha: None };
        }
        let both = picture.into_luma_alpha8().into_raw();
        let channel = |at: usize| both.iter().skip(at).step_by(2).copied().collect();
        Self { height, width, grey: channel(0), alpha: Some(channel(1)) }
    }

    /// The picture on a ground of one grey value.
    pub fn over(self, ground: u8) -> Grey {
        let Self { height, width, mut grey, alpha } = self;
        for (pixel, opacity) in grey.iter_mut().zip(alpha.into_iter().flatten()) {
            let (value, opacity) = (u32::from(*pixel), u32::from(opacity));
            *pixel = ((value * opacity + u32::from(ground) * (255 - opacity)) / 255) as u8;
        }
        Grey { height, width, pixels: grey }
    }
}

/// What is in the file, unless that is more than any picture needs.
fn content(path: &Path) -> Result<Vec<u8>, DataError> {
    let bad = |why: String| DataError::BadImage { path: path.to_owned(), why };
    // Before it is opened: opening a pipe would wait for its other end.
    let metadata = fs::metadata(path).map_err(DataError::io(path))?;
    if !metadata.is_file() {
        return Err(bad("something that is no file".to_owned()));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(bad(format!("a file of over {} MiB", MAX_FILE_BYTES >> 20)));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = fs::File::open(path).map_err(DataError::io(path))?;
    // A file may grow while it is read.
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(DataError::io(path))?;
    if bytes.is_empty() { Err(bad("an empty file".to_owned())) } else { Ok(bytes) }
}

/// Decodes; dimensions and the decoded size are checked as soon as the header is read.
fn upright(bytes: &[u8]) -> Result<DynamicImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits());
    let mut decoder = reader.into_decoder()?;
    limits().reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn why(error: &ImageError) -> String {
    match error {
        ImageError::Limits(_) => format!("a picture over the limit of {MAX_PICTURE_SIDE}x{MAX_PICTURE_SIDE} pixels"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, GrayAlphaImage, ImageFormat, LumaA};
    use proptest::prelude::*;

    fn encoded(pixels: &[u8], width: u32, color: ExtendedColorType, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let height = pixels.len() as u32 / width / u32::from(color.channel_count());
        image::write_buffer_with_format(&mut bytes, pixels, width, height, color, format).unwrap();
        bytes.into_inner()
    }

    /// A 12 x 8 picture in each format.
    fn samples() -> Vec<Vec<u8>> {
        let pixels: Vec<u8> = (0..96).map(|i| i * 2).collect();
        [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp]
            .map(|format| encoded(&pixels, 12, ExtendedColorType::L8, format))
            .into()
    }

    #[test]
    fn each_format_is_known_by_its_content() {
        for bytes in samples() {
            let picture = Picture::decode(&bytes, Path::new("x.txt")).unwrap();
            assert_eq!((picture.height, picture.width, picture.alpha), (8, 12, None));
        }
    }

    #[test]
    fn what_is_transparent_shows_the_ground() {
        let image = GrayAlphaImage::from_fn(3, 1, |x, _| LumaA([100, [0, 51, 255][x as usize]]));
        let picture = Picture::of(DynamicImage::ImageLumaA8(image));
        assert_eq!(picture.clone().over(0).pixels, [0, 20, 100]);
        assert_eq!(picture.over(255).pixels, [255, 224, 100]);
    }

    #[test]
    fn a_picture_too_large_is_refused_by_its_header() {
        // A BMP header that promises 60,000 x 60,000 pixels, and nothing after it.
        let mut bytes = samples().remove(2);
        bytes[18..22].copy_from_slice(&60_000u32.to_le_bytes());
        bytes[22..26].copy_from_slice(&60_000u32.to_le_bytes());
        let error = Picture::decode(&bytes, Path::new("bomb.bmp")).unwrap_err().to_string();
        assert!(error.ends_with("found: a picture over the limit of 4096x4096 pixels"), "{error}");
    }

    #[test]
    fn folders_and_empty_files_are_no_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        assert!(Picture::read(folder.path()).unwrap_err().to_string().contains("no file"));
        assert!(matches!(Picture::read(&path), Err(DataError::Io { .. })));
        fs::write(&path, "").unwrap();
        assert!(Picture::read(&path).unwrap_err().to_string().ends_with("an empty file"));
    }

    #[test]
    fn names_decide_what_is_looked_at_in_folders() {
        for (name, expected) in [("a.PNG", true), ("b.jpeg", true), (".c.png", false), ("d.gif", false), ("png", false)]
        {
            assert_eq!(has_picture_name(Path::new(name)), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn damaged_pictures_never_panic(format in 0usize..3, changes in prop::collection::vec((0usize..2000, any::<u8>()), 1..8), cut in 0usize..2000) {
            let mut bytes = samples().swap_remove(format);
            for (at, value) in changes {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            bytes.truncate(bytes.len() - cut % bytes.len());
            let _ = Picture::decode(&bytes, Path::new("x"));
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Picture::decode(&bytes, Path::new("x"));
        }
    }
}
