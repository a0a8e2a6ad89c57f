//! `fude data stats`: a set in numbers.

use crate::table::{count, table};
use crate::ui::{Ui, print_json};
use clap::Args;
use fude_data::{LoadOptions, SplitStats, Stats};
use serde::Serialize;

const EXAMPLES: &str = "\
Examples:
  fude data stats
  fude data stats kmnist
  fude data stats path/to/folder --json";

/// Which set, and how it is cut.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatsArgs {
    /// kana (built in), kmnist, fashion, mnist, k49, or a folder with idx or npz files or one sub-folder of pictures per class
    #[arg(value_name = "NAME|DIR", default_value = "kana")]
    source: String,
    /// One line of JSON on stdout instead of tables
    #[arg(long)]
    json: bool,
    /// Share of train held out as test split where a folder has no test files; 0 for none
    #[arg(long, value_name = "X", default_value_t = LoadOptions::default().test_fraction)]
    test_fraction: f64,
    /// Which images those are
    #[arg(long, value_name = "N", default_value_t = LoadOptions::default().split_seed)]
    split_seed: u32,
    /// Take the first N training images only
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// The JSON form: the figures, and what one should know of the set.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    stats: &'a Stats,
    notes: &'a [String],
}

pub(super) fn run(args: &StatsArgs, ui: Ui) -> anyhow::Result<()> {
    let set = fude_data::open(&args.source, &args.options())?;
    set.notes.iter().for_each(|note| ui.note(note));
    let stats = Stats::of(&set);
    if args.json || ui.json {
        return print_json(&Report { stats: &stats, notes: &set.notes });
    }
    ui.result(text(&stats));
    Ok(())
}

impl StatsArgs {
    fn options(&self) -> LoadOptions {
        let Self { test_fraction, split_seed, limit, .. } = *self;
        LoadOptions { test_fraction, split_seed, limit, ..LoadOptions::default() }
    }
}

fn text(stats: &Stats) -> String {
    [stats.name.clone(), splits(stats), classes(stats), duplicates(stats)].join("\n\n")
}

fn splits(stats: &Stats) -> String {
    let row = |name: &str, split: &SplitStats| {
        let shape = format!("{} x {}", split.height, split.width);
        let [mean, std] = [split.pixel_mean, split.pixel_std].map(|figure| format!("{figure:.4}"));
        vec![name.to_owned(), count(split.images), shape, mean, std]
    };
    let test = stats.test.as_ref().map(|test| row("test", test));
    let rows = [row("train", &stats.train)].into_iter().chain(test).collect();
    table(&["split", "images", "pixels", "mean", "std"], rows)
}

fn classes(stats: &Stats) -> String {
    let of = |split: &SplitStats, class: usize| split.per_class.get(class).map_or_else(String::new, |&it| count(it));
    let row = |(class, name): (usize, &String)| {
        let test = stats.test.as_ref().map(|test| of(test, class));
        vec![format!("{class:>2}  {name}"), of(&stats.train, class), test.unwrap_or_else(|| "-".to_owned())]
    };
    table(&["class", "train", "test"], stats.classes.iter().enumerate().map(row).collect())
}

fn duplicates(stats: &Stats) -> String {
    let found = stats.duplicates;
    let row = |what: &str, all: usize, other: usize| vec![what.to_owned(), count(all), count(other)];
    let train = row("within train", found.within_train, found.within_train_other_label);
    let test = row("test images also in train", found.train_in_test, found.train_in_test_other_label);
    let rows = [train].into_iter().chain(stats.test.is_some().then_some(test)).collect();
    table(&["duplicates", "images", "with another label"], rows)
}
