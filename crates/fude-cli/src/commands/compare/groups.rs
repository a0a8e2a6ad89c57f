//! Runs that repeat each other as a group, and what the difference between two groups means, in words.

use super::sources::Compared;
use crate::spread::{accuracy_interval, what_varies};
use crate::table::{count, percent, table_without};
use fude_record::{
    Comparison, Figure, Incomparable, Method, PairedBy, Summary, compare_groups, compared_figure, group_spread,
    sampling_error,
};
use serde_json::{Value, json};

/// Runs of one experiment that differ in seed or hold-out alone.
pub(super) struct Group<'a> {
    /// "A", "B", ...
    pub(super) name: String,
    pub(super) runs: Vec<&'a Compared>,
}

impl<'a> Group<'a> {
    pub(super) fn summaries(&self) -> Vec<&'a Summary> {
        self.runs.iter().map(|run| &run.summary).collect()
    }

    fn title(&self) -> String {
        format!("{} ({})", self.name, self.runs[0].summary.experiment)
    }
}

/// The groups in the order of their first runs.
pub(super) fn group(runs: &[Compared]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut identities = Vec::new();
    for run in runs {
        let identity = run.identity();
        match identities.iter().position(|other| *other == identity) {
            Some(index) => groups[index].runs.push(run),
            None => {
                groups.push(Group { name: letter(identities.len()), runs: vec![run] });
                identities.push(identity);
            }
        }
    }
    groups
}

fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'A' + index).to_string(),
        _ => format!("group {}", index + 1),
    }
}

/// The accuracy that all runs have.
fn figure(groups: &[Group]) -> Option<Figure> {
    compared_figure(&groups.iter().flat_map(Group::summaries).collect::<Vec<_>>())
}

/// Groups with mean and interval, a row each.
pub(super) fn groups_table(groups: &[Group]) -> Option<String> {
    let (name, value) = figure(groups)?;
    let rows = groups.iter().map(|group| {
        let spread = group_spread(&group.summaries(), value);
        let first = &group.runs[0].summary;
        vec![
            group.name.clone(),
            first.experiment.clone(),
            first.dataset.clone(),
            what_varies(&group.summaries()),
            percent(spread.map(|spread| spread.mean)),
            percent(spread.and_then(|spread| spread.deviation)),
            accuracy_interval(spread.as_ref(), " to "),
        ]
    });
    let accuracy = format!("mean {}", name.replace('_', " "));
    let header = ["group", "experiment", "data", "runs", &accuracy, "std. deviation", "95 % interval"];
    Some(table_without(&header, rows.collect(), &["data", "std. deviation", "runs"]))
}

/// Each later group that was measured on the same data beside the first.
fn beside_first<'a>(groups: &'a [Group<'a>]) -> impl Iterator<Item = (&'a Group<'a>, &'a Group<'a>)> {
    let first = groups.first();
    let others = groups.iter().skip(1);
    let same_data = |(a, b): &(&Group, &Group)| a.runs[0].summary.measured_on() == b.runs[0].summary.measured_on();
    others.filter_map(move |other| Some((first?, other))).filter(same_data)
}

/// What the differences to the first group mean, a paragraph each.
pub(super) fn verdicts(groups: &[Group]) -> Vec<String> {
    let Some(figure @ (name, value)) = figure(groups) else { return Vec::new() };
    let verdict = |(a, b): (&Group, &Group)| match compare_groups(&a.summaries(), &b.summaries(), value) {
        Ok(comparison) => verdict(a, b, name, &comparison),
        Err(Incomparable::TooFew) => too_few(a, b, figure),
        Err(Incomparable::OtherImages) => format!(
            "{} and {} were measured on other test images, which alone makes a difference: no verdict. Train both with the \
             same data.split_seed, or each with several (`--folds`).",
            a.title(),
            b.title()
        ),
    };
    beside_first(groups).map(verdict).collect()
}

fn verdict(a: &Group, b: &Group, figure: &str, comparison: &Comparison) -> String {
    let points = |share: f64| format!("{:.2}", 100.0 * share);
    // Told from the group that has more.
    let (more, less, difference, interval) = match comparison.difference >= 0.0 {
        true => (b, a, comparison.difference, comparison.interval),
        false => (a, b, -comparison.difference, [-comparison.interval[1], -comparison.interval[0]]),
    };
    let how = match comparison.method {
        Method::Paired { pairs, by, p_sign_flips } => format!(
            "paired over {pairs} runs with equal {}, p = {} by Student's t, {} by sign flips",
            match by {
                PairedBy::SeedAndImages => "seed and test images",
                PairedBy::Images => "test images",
                PairedBy::Seed => "seed",
            },
            p(comparison.p),
            p(p_sign_flips)
        ),
        Method::Welch { degrees } => {
            format!("unpaired, p = {} by Welch's t with {degrees:.1} degrees of freedom", p(comparison.p))
        }
    };
    let shared = if comparison.overlap > 0.0 { SHARED } else { "" };
    let meaning = if comparison.is_beyond_noise() {
        "This is larger than the noise between runs."
    } else {
        "The interval reaches across 0: on these runs the difference is not larger than the noise."
    };
    format!(
        "{} has {} points more {} than {}: 95 % interval {} to {} points ({how}{shared}). {meaning}",
        more.title(),
        points(difference),
        figure.replace('_', " "),
        less.title(),
        points(interval[0]),
        points(interval[1]),
    )
}

/// Sign flips stay as they are: they know nothing of training images.
const SHARED: &str = "; interval and t allow for hold-outs that share training images";

fn p(p: f64) -> String {
    if p < 0.0001 { "under 0.0001".into() } else { format!("{p:.4}") }
}

/// Without a spread, only what the choice of test images leaves open can be told.
fn too_few(a: &Group, b: &Group, (name, value): Figure) -> String {
    let accuracy = |group: &Group| group_spread(&group.summaries(), value).map_or(0.0, |spread| spread.mean);
    let first = &a.runs[0].summary;
    let (images, split) = match name {
        "test_accuracy" => (first.test_samples, "test"),
        _ => (first.val_samples, "validation"),
    };
    let error = sampling_error(accuracy(a), accuracy(b), images);
    format!(
        "{} and {} have too few runs to tell a difference from noise: train each with several seeds or folds \
         (`fude train --seeds 0..5`). {} {split} images alone leave open some {:.1} points.",
        a.title(),
        b.title(),
        count(images),
        100.0 * error
    )
}

/// The same for programs.
pub(super) fn groups_json(groups: &[Group]) -> Value {
    let Some((name, value)) = figure(groups) else { return json!({ "groups": [], "comparisons": [] }) };
    let paths = |group: &Group| group.runs.iter().map(|run| run.path.clone()).collect::<Vec<_>>();
    let all: Vec<Value> = groups
        .iter()
        .map(|group| {
            json!({ "name": group.name, "experiment": group.runs[0].summary.experiment, "runs": paths(group),
                             "figure": name, "spread": group_spread(&group.summaries(), value) })
        })
        .collect();
    let comparisons: Vec<Value> = beside_first(groups)
        .map(|(a, b)| {
            let comparison = compare_groups(&a.summaries(), &b.summaries(), value);
            let beyond = comparison.as_ref().ok().map(Comparison::is_beyond_noise);
            json!({ "first": a.name, "second": b.name, "figure": name, "comparison": comparison.ok(),
                    "beyond_noise": beyond })
        })
        .collect();
    json!({ "groups": all, "comparisons": comparisons })
}
