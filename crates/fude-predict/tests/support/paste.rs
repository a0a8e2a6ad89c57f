//! Pictures of a data set's images as people might make them: larger, elsewhere, inverted, noisy, badly lit, compressed.
//! Test and example share them.

use fude_data::{Grey, Picture, Split};
use fude_predict::Classifier;
use fude_random::{Sequence, Stream};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{ExtendedColorType, GrayImage};
use rayon::prelude::*;
use std::path::Path;

/// How a picture of an image is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    pub(crate) name: &'static str,
    /// How many times as large.
    pub(crate) zoom: f32,
    /// How it is magnified.
    pub(crate) filter: FilterType,
    /// What is around it.
    pub(crate) sheet: Sheet,
    /// Grey values of the ground and of full ink.
    pub(crate) levels: [u8; 2],
    /// Standard deviation of the noise, in grey levels.
    pub(crate) noise: f32,
    /// Grey levels by which the ground is darker on one side.
    pub(crate) shade: f32,
    /// The quality of JPEG compression.
    pub(crate) jpeg: Option<u8>,
}

/// What is around an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sheet {
    /// Nothing.
    Own,
    /// A sheet of 1.5 to 3 times its size, the image anywhere on it.
    Wide,
    /// Nothing, and the rows and columns without ink are cut off.
    Tight,
}

const PLAIN: Condition = Condition {
    name: "",
    zoom: 1.0,
    filter: FilterType::Nearest,
    sheet: Sheet::Wide,
    levels: [0, 255],
    noise: 0.0,
    shade: 0.0,
    jpeg: None,
};

/// What is tried.
pub(crate) const CONDITIONS: [Condition; 18] = [
    Condition { name: "as it is", sheet: Sheet::Own, ..PLAIN },
    Condition { name: "inverted", sheet: Sheet::Own, levels: [255, 0], ..PLAIN },
    Condition { name: "grey 200 on 80, noise 6", sheet: Sheet::Own, levels: [80, 200], noise: 6.0, ..PLAIN },
    Condition { name: "on a sheet", ..PLAIN },
    Condition { name: "on a sheet, inverted, noise 8", levels: [255, 0], noise: 8.0, ..PLAIN },
    Condition { name: "x 2, pixels doubled", zoom: 2.0, ..PLAIN },
    Condition { name: "x 3.7, linear, inverted", zoom: 3.7, filter: FilterType::Triangle, levels: [255, 0], ..PLAIN },
    Condition { name: "x 10, cubic", zoom: 10.0, filter: FilterType::CatmullRom, ..PLAIN },
    Condition {
        name: "x 10, cubic, cut to the ink",
        sheet: Sheet::Tight,
        zoom: 10.0,
        filter: FilterType::CatmullRom,
        ..PLAIN
    },
    Condition { name: "x 14, Lanczos, inverted", zoom: 14.0, filter: FilterType::Lanczos3, levels: [255, 0], ..PLAIN },
    Condition { name: "x 6, grey 60 on 200", zoom: 6.0, filter: FilterType::CatmullRom, levels: [200, 60], ..PLAIN },
    Condition {
        name: "x 6, grey 150 on 120, noise 3",
        zoom: 6.0,
        filter: FilterType::CatmullRom,
        levels: [120, 150],
        noise: 3.0,
        ..PLAIN
    },
    Condition {
        name: "x 4, grey 210 on 50, noise 10",
        zoom: 4.0,
        filter: FilterType::CatmullRom,
        levels: [50, 210],
        noise: 10.0,
        ..PLAIN
    },
    Condition {
        name: "x 8, grey 50 on 210, noise 25",
        zoom: 8.0,
        filter: FilterType::CatmullRom,
        levels: [210, 50],
        noise: 25.0,
        ..PLAIN
    },
    Condition {
        name: "x 6, cut to the ink, noise 10",
        sheet: Sheet::Tight,
        zoom: 6.0,
        filter: FilterType::CatmullRom,
        levels: [200, 40],
        noise: 10.0,
        ..PLAIN
    },
    Condition {
        name: "x 6, JPEG of quality 40",
        zoom: 6.0,
        filter: FilterType::CatmullRom,
        levels: [240, 30],
        jpeg: Some(40),
        ..PLAIN
    },
    Condition {
        name: "x 6, light from one side, noise 4",
        zoom: 6.0,
        filter: FilterType::CatmullRom,
        levels: [230, 40],
        shade: 90.0,
        noise: 4.0,
        ..PLAIN
    },
    Condition {
        name: "x 8, light from one side, JPEG",
        zoom: 8.0,
        filter: FilterType::CatmullRom,
        levels: [230, 40],
        shade: 60.0,
        noise: 6.0,
        jpeg: Some(70),
        ..PLAIN
    },
];

/// The share of images that the model gets right when it is shown pictures of them. One that is not recognised as a
/// picture of anything counts as wrong.
pub(crate) fn accuracy(classifier: &mut Classifier, split: &Split, condition: &Condition) -> f64 {
    let preparer = classifier.preparer();
    let images: Vec<Option<Vec<u8>>> =
        (0..split.len()).into_par_iter().map(|index| preparer.prepare(&condition.picture(split, index))).collect();
    let blank = vec![0; split.inputs()];
    let pixels = images.iter().flat_map(|image| image.as_ref().unwrap_or(&blank)).copied().collect();
    let predicted = classifier.classify(pixels, 1).expect("an evaluated model");
    let found = images.iter().map(Option::is_some);
    let right = predicted
        .iter()
        .zip(&split.labels)
        .zip(found)
        .filter(|((p, label), found)| *found && p[0].class == usize::from(**label));
    right.count() as f64 / split.len() as f64
}

impl Condition {
    /// The picture of image `index`; the same every time.
    pub(crate) fn picture(&self, split: &Split, index: usize) -> Grey {
        let mut draws = Sequence::new(7, Stream::Augmentation, [index as u32, (self.zoom * 100.0) as u32]);
        let image = self.image(split, index);
        let large = self.magnified(image);
        let (width, height) = large.dimensions();
        let (sheet, at) = self.place(&mut draws, [width, height]);
        let toward = draws.unit() * std::f32::consts::TAU;
        let value = |x: u32, y: u32, draws: &mut Sequence| {
            let inside = x.checked_sub(at[0]).zip(y.checked_sub(at[1])).filter(|&(x, y)| x < width && y < height);
            let ink = inside.map_or(0.0, |(x, y)| f32::from(large.get_pixel(x, y).0[0]) / 255.0);
            let [ground, full] = self.levels.map(f32::from);
            let along =
                (x as f32 / sheet[0] as f32 - 0.5) * toward.cos() + (y as f32 / sheet[1] as f32 - 0.5) * toward.sin();
            let noise = if self.noise > 0.0 { self.noise * draws.bell() } else { 0.0 };
            (ground - self.shade * (along + 0.5) + (full - ground) * ink + noise).round().clamp(0.0, 255.0) as u8
        };
        let mut pixels = Vec::with_capacity((sheet[0] * sheet[1]) as usize);
        for y in 0..sheet[1] {
            pixels.extend((0..sheet[0]).map(|x| value(x, y, &mut draws)));
        }
        self.compressed(Grey { width: sheet[0] as usize, height: sheet[1] as usize, pixels })
    }

    fn image(&self, split: &Split, index: usize) -> GrayImage {
        let image = GrayImage::from_raw(split.width as u32, split.height as u32, split.image(index).to_vec())
            .expect("an image");
        if self.sheet != Sheet::Tight {
            return image;
        }
        let ink = image.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 25).map(|(x, y, _)| (x, y));
        let (mut low, mut high) = ([u32::MAX; 2], [0; 2]);
        for (x, y) in ink {
            low = [low[0].min(x), low[1].min(y)];
            high = [high[0].max(x + 1), high[1].max(y + 1)];
        }
        image::imageops::crop_imm(&image, low[0], low[1], high[0] - low[0], high[1] - low[1]).to_image()
    }

    fn magnified(&self, image: GrayImage) -> GrayImage {
        let [width, height] = [image.width(), image.height()].map(|side| (side as f32 * self.zoom).round() as u32);
        if (width, height) == image.dimensions() { image } else { resize(&image, width, height, self.filter) }
    }

    /// The size of the sheet, and where the image is on it.
    fn place(&self, draws: &mut Sequence, image: [u32; 2]) -> ([u32; 2], [u32; 2]) {
        if self.sheet != Sheet::Wide {
            return (image, [0, 0]);
        }
        let sheet = image.map(|side| (side as f32 * draws.range(1.5, 3.0)) as u32);
        let at = [0, 1].map(|axis| (draws.unit() * (sheet[axis] - image[axis]) as f32) as u32);
        (sheet, at)
    }

    fn compressed(&self, grey: Grey) -> Grey {
        let Some(quality) = self.jpeg else { return grey };
        let mut bytes = Vec::new();
        let (width, height) = (grey.width as u32, grey.height as u32);
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode(&grey.pixels, width, height, ExtendedColorType::L8)
            .expect("a JPEG");
        Picture::decode(&bytes, Path::new("pasted.jpg")).expect("a picture").over(0)
    }
}
