//! Draws a sample of every picture into a folder: `cargo run -p fude-report --example samples -- FOLDER`.
//!
//! Images come from `kmnist/` and `fashion-mnist/` in the folder that FUDE_TEST_DATA names; without it they are blobs.

use flate2::read::GzDecoder;
use fude_record::{EpochRecord, Mistake};
use fude_report::{ClassLabel, Glyph, Picture, ReportError};
use std::io::Read;
use std::path::{Path, PathBuf};

const SIDE: usize = 28;
const KMNIST: [&str; 10] = ["お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo"];
const FASHION: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let save = |name: &str, picture: Picture| picture.save(&folder.join(format!("{name}.png")));
    curves(&save)?;
    matrices(&save)?;
    image_pictures("kmnist", &KMNIST, true, &save)?;
    image_pictures("fashion-mnist", &FASHION, false, &save)?;
    Ok(())
}

type Save<'a> = &'a dyn Fn(&str, Picture) -> Result<(), ReportError>;

fn curves(save: Save<'_>) -> Result<(), ReportError> {
    let curve = fude_report::learning_curve;
    let validated: Vec<_> = (1..=18).map(|epoch| record(epoch, true, false)).collect();
    save("curve_validated", curve(&validated, Some(13), "e2-validated · kana · seed 0"))?;
    let long: Vec<_> = (1..=500).map(|epoch| record(epoch, false, true)).collect();
    save("curve_500_epochs", curve(&long, None, "e1-l2 · kmnist-8k · seed 0"))?;
    save("curve_one_epoch", curve(&long[..1], Some(1), "one epoch"))?;
    let mut broken: Vec<_> = (1..=60).map(|epoch| record(epoch, true, true)).collect();
    (broken[20].val_loss, broken[30].train_loss) = (Some(f64::NAN), f64::INFINITY);
    broken[40..].iter_mut().for_each(|record| record.test_accuracy = None);
    save("curve_gaps", curve(&broken, Some(9), &"a title that goes on and on ".repeat(9)))?;
    save("curve_empty", curve(&[], None, "nothing yet"))
}

/// A made-up epoch: falling training loss, a held-out loss that turns, some noise.
fn record(epoch: u32, validation: bool, test: bool) -> EpochRecord {
    let t = f64::from(epoch);
    let noise = |k: u32| (f64::from((epoch * 7919 + k * 104_729) % 1000) / 1000.0 - 0.5) * 0.04;
    let train_loss = (0.62 * t.powf(-0.85) + 0.001) * (1.0 + noise(1));
    let held_out = |k: u32| 0.42 + 0.35 / t + 0.0006 * t + noise(k) * 0.4;
    let accuracy = |k: u32| 0.885 - 0.13 / t + noise(k) * 0.08;
    EpochRecord {
        epoch,
        train_loss,
        train_accuracy: 1.0 - 0.19 / t * (1.0 + noise(2)) - 0.0005,
        val_loss: validation.then(|| held_out(3)),
        val_accuracy: validation.then(|| accuracy(4)),
        test_loss: test.then(|| held_out(5) + 0.05),
        test_accuracy: test.then(|| accuracy(6) - 0.01),
        learning_rate: 1e-3,
        seconds: 0.5,
        layers: vec![],
    }
}

fn matrices(save: Save<'_>) -> Result<(), ReportError> {
    let matrix = fude_report::confusion_matrix;
    save("matrix_fashion", matrix(&confusion(10, 1000), &labels(&FASHION, None), "e3-deep-l2 · fashion · test")?)?;
    let many: Vec<ClassLabel> = (0..49).map(|class| ClassLabel::new(format!("name {class}"))).collect();
    save("matrix_49", matrix(&confusion(49, 1000), &many, "k49 · test")?)?;
    save("matrix_2_huge", matrix(&[vec![u32::MAX, 7], vec![0, 0]], &["a".into(), "b".into()], "huge")?)?;
    save("matrix_10_huge", matrix(&confusion(10, 400_000_000), &labels(&KMNIST, None), "huge counts")?)?;
    let unread: Vec<ClassLabel> = (0..256).map(|class| ClassLabel::new(class.to_string())).collect();
    save("matrix_256", matrix(&confusion(256, 500), &unread, "256 classes")?)
}

/// About nine in ten right, the rest mostly at a few other classes.
fn confusion(classes: usize, images: u32) -> Vec<Vec<u32>> {
    let count = |row: usize, column: usize| {
        let spread = (row * 31 + column * 17) % 23;
        if row == column {
            images / 100 * (84 + spread as u32 % 14)
        } else {
            images / 10 / (1 + (spread * spread) as u32)
        }
    };
    (0..classes).map(|row| (0..classes).map(|column| count(row, column)).collect()).collect()
}

fn labels(names: &[&str], images: Option<&Images>) -> Vec<ClassLabel> {
    let label = |(class, &name): (usize, &&str)| {
        let glyph = images.and_then(|images| Glyph::new(SIDE, images.of_class(class, 1).first()?.to_vec()).ok());
        ClassLabel { name: name.to_owned(), glyph }
    };
    names.iter().enumerate().map(label).collect()
}

fn image_pictures(set: &str, names: &[&str], glyphs: bool, save: Save<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let images = Images::open(set)?;
    // A data set's first image of a class stands in for the modern character.
    let labels = labels(names, glyphs.then_some(&images));
    let rows: Vec<_> =
        labels.iter().cloned().enumerate().map(|(class, label)| (label, images.of_class(class, 12))).collect();
    save(&format!("grid_{set}"), fude_report::image_grid(&rows, SIDE, SIDE, &format!("{set} · train"))?)?;
    let mistakes: Vec<_> = (0..40).map(|index| (images.image(index), mistake(index, images.labels[index]))).collect();
    let title = "worst mistakes · test";
    save(&format!("mistakes_{set}"), fude_report::mistakes_grid(&mistakes, SIDE, SIDE, &labels, title)?)?;
    save(&format!("mistakes_{set}_3"), fude_report::mistakes_grid(&mistakes[..3], SIDE, SIDE, &labels, title)?)?;
    save("mistakes_none", fude_report::mistakes_grid(&[], SIDE, SIDE, &labels, title)?)?;
    save(
        &format!("matrix_{set}_glyphs"),
        fude_report::confusion_matrix(&confusion(10, 1000), &labels, "e1-l2 · test")?,
    )?;
    Ok(())
}

fn mistake(index: usize, label: u8) -> Mistake {
    let predicted = (label + 1 + (index % 9) as u8) % 10;
    Mistake { index, label, predicted, probability: 1.0 - 0.004 * index as f64 }
}

/// Images `[N, 28, 28]` with labels `[N]`.
struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Images {
    fn open(set: &str) -> std::io::Result<Self> {
        let Some(folder) = std::env::var_os("FUDE_TEST_DATA").map(|folder| Path::new(&folder).join(set)) else {
            return Ok(Self::blobs());
        };
        let pixels = unpacked(&folder.join("train-images-idx3-ubyte.gz"))?.split_off(16);
        Ok(Self { pixels, labels: unpacked(&folder.join("train-labels-idx1-ubyte.gz"))?.split_off(8) })
    }

    fn blobs() -> Self {
        let blob = |index: usize| {
            (0..SIDE * SIDE).map(move |at| {
                let [x, y] = [at % SIDE, at / SIDE].map(|c| c as f32 - 13.5);
                let petals = ((index % 10 + 1) as f32 * y.atan2(x)).cos();
                ((10.0 + 2.0 * petals - x.hypot(y)).clamp(0.0, 1.0) * 255.0) as u8
            })
        };
        Self { pixels: (0..200).flat_map(blob).collect(), labels: (0..200).map(|index| (index % 10) as u8).collect() }
    }

    fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * SIDE * SIDE..][..SIDE * SIDE]
    }

    fn of_class(&self, class: usize, most: usize) -> Vec<&[u8]> {
        let of_class = (0..self.labels.len()).filter(|&index| usize::from(self.labels[index]) == class);
        of_class.take(most).map(|index| self.image(index)).collect()
    }
}

fn unpacked(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}
