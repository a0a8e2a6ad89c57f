//! `fude data show --augment`: images beside what an experiment's deformations make of them.

use super::show::ShowArgs;
use crate::class_labels::class_labels;
use crate::ui::Ui;
use anyhow::{Context, bail};
use fude_data::Split;
use fude_engine::{Deformed, deform};
use fude_random::{Stream, shuffle};
use fude_record::{Experiment, Override};
use fude_report::image_grid;
use fude_train::{augmentation, prepare};
use std::path::{Path, PathBuf};

/// A row a class: an image of it, and the same image as the first epochs deform it at full strength.
pub(super) fn run(args: &ShowArgs, path: &Path, ui: Ui) -> anyhow::Result<()> {
    let experiment = Experiment::load(path, &overrides(args))?;
    let Some(config) = &experiment.augment else {
        bail!("{} has no [augment] section: it trains on images as they are", path.display());
    };
    let data = prepare(&experiment)?;
    data.warnings.iter().for_each(|warning| ui.warning(warning));
    data.notes.iter().for_each(|note| ui.note(note));
    let split = data.train.as_ref();
    let chosen = one_of_each(split, data.outputs(), args.seed);
    let indices: Vec<u32> = chosen.iter().flatten().copied().collect();
    let (ranges, seed) = (augmentation(config), experiment.train.seed);
    let epochs: Vec<Vec<u8>> = (0..u32::from(args.per_class).max(2) - 1)
        .map(|epoch| bytes(&deform(split, &indices, Deformed { augmentation: &ranges, seed, epoch })))
        .collect();
    let size = split.inputs();
    let mut place = 0..;
    let row = |index: &Option<u32>| match (index, index.and_then(|_| place.next())) {
        (Some(index), Some(place)) => {
            let deformed = epochs.iter().map(|epoch| &epoch[place * size..][..size]);
            std::iter::once(split.image(*index as usize)).chain(deformed).collect()
        }
        _ => Vec::new(),
    };
    let images: Vec<Vec<&[u8]>> = chosen.iter().map(row).collect();
    let rows: Vec<_> = class_labels(&data.classes).into_iter().zip(images).collect();
    let title =
        format!("{}: an image of {} and {} deformations at full strength", experiment.name, data.dataset, epochs.len());
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}-deformed.png", experiment.name)));
    image_grid(&rows, split.height, split.width, &title)
        .and_then(|picture| picture.save(&output))
        .with_context(|| format!("no picture of {}", data.dataset))?;
    ui.result(output.display());
    Ok(())
}

fn overrides(args: &ShowArgs) -> Vec<Override> {
    let data = |name: &String| [Override::text("dataset", name), Override::removal("fallback")];
    args.source.iter().flat_map(data).collect()
}

/// An image of each class at random; none where a class has none.
fn one_of_each(split: &Split, classes: usize, seed: u32) -> Vec<Option<u32>> {
    let mut chosen = vec![None; classes];
    for index in shuffle(seed, Stream::Shuffle, 0, split.len()) {
        if let Some(slot) = chosen.get_mut(usize::from(split.labels[index as usize])) {
            slot.get_or_insert(index);
        }
    }
    chosen
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_one_image_and_an_empty_class_none() {
        let split = Split { pixels: vec![0; 6], labels: vec![2, 0, 2, 0, 2, 2], height: 1, width: 1 };
        let chosen = one_of_each(&split, 4, 0);
        assert_eq!(chosen.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, false]);
        assert!(chosen.iter().enumerate().all(|(c, i)| i.is_none_or(|i| usize::from(split.labels[i as usize]) == c)));
    }
}
