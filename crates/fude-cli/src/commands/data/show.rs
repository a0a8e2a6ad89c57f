//! `fude data show`: sample images as a picture.

use super::show_augment;
use crate::class_labels::class_labels;
use crate::output::require_png;
use crate::ui::Ui;
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use fude_data::{Dataset, LoadOptions, Split};
use fude_random::{Stream, shuffle};
use fude_report::image_grid;
use indicatif::HumanCount;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  fude data show
  fude data show kmnist --per-class 16 --output kmnist.png
  fude data show path/to/folder --split test --seed 1
  fude data show --augment my-experiment.toml     an image of each class and its deformations";

/// Which images, and where the picture goes.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// kana (built in), kmnist, fashion, mnist, k49, or a folder with idx or npz files or one sub-folder of pictures per class
    /// [default: kana; with --augment the experiment's]
    #[arg(value_name = "NAME|DIR")]
    pub(super) source: Option<String>,
    /// The picture's file [default: NAME-samples.png in the current folder]
    #[arg(long, value_name = "FILE.png")]
    pub(super) output: Option<PathBuf>,
    /// Images of each class
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) per_class: u16,
    /// The images to draw from
    #[arg(long, default_value = "train")]
    split: Part,
    /// Which images are drawn
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u32,
    /// One training image of each class beside its deformations, as this experiment's `[augment]` section has them
    #[arg(long, value_name = "EXPERIMENT", conflicts_with = "split")]
    augment: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Train,
    Test,
}

pub(super) fn run(args: &ShowArgs, ui: Ui) -> anyhow::Result<()> {
    args.output.as_deref().map_or(Ok(()), require_png)?;
    if let Some(path) = &args.augment {
        return show_augment::run(args, path, ui);
    }
    let source = args.source.as_deref().unwrap_or("kana");
    let set = fude_data::open(source, &LoadOptions::default())?;
    set.notes.iter().for_each(|note| ui.note(note));
    let (split, part) = match (args.split, &set.test) {
        (Part::Train, _) => (&set.train, "training"),
        (Part::Test, Some(test)) => (test, "test"),
        (Part::Test, None) => bail!("{} has no test images to show", set.name),
    };
    let samples = samples(split, set.classes.len(), usize::from(args.per_class), args.seed);
    let rows = class_labels(&set.classes).into_iter().zip(samples).collect::<Vec<_>>();
    let title =
        format!("{}: samples of {} {part} images (seed {})", set.name, HumanCount(split.len() as u64), args.seed);
    let output = args.output.clone().unwrap_or_else(|| default_output(&set));
    image_grid(&rows, split.height, split.width, &title)
        .and_then(|picture| picture.save(&output))
        .with_context(|| format!("no picture of {}", set.name))?;
    ui.result(format!("{}", output.display()));
    Ok(())
}

/// Up to `most` images of each of `classes` classes, drawn at random by `seed`.
fn samples(split: &Split, classes: usize, most: usize, seed: u32) -> Vec<Vec<&[u8]>> {
    let mut rows = vec![Vec::new(); classes];
    for index in shuffle(seed, Stream::Shuffle, 0, split.len()) {
        let index = index as usize;
        let row = split.labels.get(index).and_then(|&label| rows.get_mut(usize::from(label)));
        if let Some(row) = row.filter(|row| row.len() < most) {
            row.push(split.image(index));
        }
    }
    rows
}

/// In the current folder, whatever characters a folder's name lends to the set.
fn default_output(set: &Dataset) -> PathBuf {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    PathBuf::from(format!("{}-samples.png", set.name.chars().map(plain).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_gets_its_own_images_and_the_seed_decides_which() {
        let split = Split { pixels: (0..60).collect(), labels: (0..60).map(|i| i % 3).collect(), height: 1, width: 1 };
        let rows = samples(&split, 4, 5, 0);
        for (class, row) in rows.iter().enumerate() {
            assert_eq!(row.len(), if class < 3 { 5 } else { 0 }, "class {class}");
            assert!(row.iter().all(|image| usize::from(image[0]) % 3 == class), "class {class}: {row:?}");
        }
        assert_eq!(rows, samples(&split, 4, 5, 0));
        assert_ne!(rows, samples(&split, 4, 5, 1));
    }

    #[test]
    fn the_default_file_stays_in_the_current_folder() {
        let set =
            Dataset { name: "../a b".to_owned(), classes: vec![], train: Split::default(), test: None, notes: vec![] };
        assert_eq!(default_output(&set), PathBuf::from("..-a-b-samples.png"));
    }
}
