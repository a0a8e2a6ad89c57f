//! Figures over several runs, as a table.

use crate::table::{loss, percent, table};
use fude_record::{Spread, Summary, spreads};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A series as JSON: its runs, and the spread of each figure.
pub(crate) fn series_json<'a>(
    runs: &(impl serde::Serialize + ?Sized),
    summaries: impl Iterator<Item = &'a Summary> + Clone,
) -> serde_json::Result<Value> {
    let spread = |(name, spread): (&str, Spread)| Ok((name.to_owned(), serde_json::to_value(spread)?));
    let statistics: Map<_, _> = spreads(summaries).into_iter().map(spread).collect::<serde_json::Result<_>>()?;
    Ok(json!({ "runs": runs, "statistics": statistics }))
}

/// Mean, standard deviation and 95 % interval of each figure that all of the runs have.
pub(crate) fn spread_table<'a>(summaries: impl Iterator<Item = &'a Summary> + Clone) -> String {
    let rows = spreads(summaries).into_iter().map(|(name, spread)| row(name, &spread)).collect();
    table(&["over the runs", "mean", "std. deviation", "95 % interval"], rows)
}

fn row(name: &str, spread: &Spread) -> Vec<String> {
    let figure = |value: Option<f64>| if name.ends_with("accuracy") { percent(value) } else { loss(value) };
    let interval = match (name.ends_with("accuracy"), spread.interval) {
        (true, _) => accuracy_interval(Some(spread), " to "),
        (false, Some([low, high])) => format!("{} to {}", loss(Some(low.max(0.0))), loss(Some(high))),
        (false, None) => "-".into(),
    };
    vec![name.replace('_', " "), figure(Some(spread.mean)), figure(spread.deviation), interval]
}

/// `88.45 to 88.97 %`: the 95 % interval of a mean accuracy, within what accuracies can be: with few runs Student's t reaches
/// beyond that.
pub(crate) fn accuracy_interval(spread: Option<&Spread>, between: &str) -> String {
    let interval = spread.and_then(|spread| spread.interval);
    interval.map_or("-".into(), |ends| {
        let [low, high] = ends.map(|end| 100.0 * end.clamp(0.0, 1.0));
        format!("{low:.2}{between}{high:.2} %")
    })
}

/// `88.72 ± 0.21 %`: mean and standard deviation over runs.
pub(crate) fn mean_and_spread(values: &[f64]) -> String {
    match Spread::of(values) {
        None => "-".into(),
        Some(Spread { mean, deviation: None, .. }) => format!("{:.2} %", 100.0 * mean),
        Some(Spread { mean, deviation: Some(deviation), .. }) => {
            format!("{:.2} ± {:.2} %", 100.0 * mean, 100.0 * deviation)
        }
    }
}

/// `0.3224 ± 0.0046`: the same of a plain number.
pub(crate) fn plain_mean_and_spread(values: &[f64], digits: usize) -> String {
    match Spread::of(values) {
        None => "-".into(),
        Some(Spread { mean, deviation: None, .. }) => format!("{mean:.digits$}"),
        Some(Spread { mean, deviation: Some(deviation), .. }) => format!("{mean:.digits$} ± {deviation:.digits$}"),
    }
}

/// What the runs are: "8 folds", "5 seeds".
pub(crate) fn what_varies(summaries: &[&Summary]) -> String {
    let folds: Vec<u32> = summaries.iter().filter_map(|s| s.fold).collect();
    if let (Some(count), true) = (summaries.first().and_then(|s| s.folds), folds.len() == summaries.len()) {
        return if folds.len() == count as usize {
            format!("{count} folds")
        } else {
            format!("{} of {count} folds", folds.len())
        };
    }
    let seeds: BTreeSet<u32> = summaries.iter().map(|s| s.seed).collect();
    match (summaries.len(), seeds.len()) {
        (1, _) => "1 run".into(),
        (runs, seeds) if runs == seeds => format!("{seeds} seeds"),
        (runs, _) => format!("{runs} runs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_the_sample_standard_deviation() {
        assert_eq!(mean_and_spread(&[0.88, 0.90]), "89.00 ± 1.41 %");
        assert_eq!((mean_and_spread(&[0.5]), mean_and_spread(&[])), ("50.00 %".into(), "-".into()));
        assert_eq!(plain_mean_and_spread(&[0.5, 0.7], 4), "0.6000 ± 0.1414");
    }

    #[test]
    fn accuracies_are_percentages_and_losses_are_not() {
        let spread = Spread::of(&[0.88, 0.90]).unwrap();
        assert_eq!(row("test_accuracy", &spread), ["test accuracy", "89.00 %", "1.41 %", "76.29 to 100.00 %"]);
        assert_eq!(row("test_loss", &spread)[1..3], ["0.8900", "0.0141"]);
        assert_eq!(row("test_loss", &Spread::of(&[0.5]).unwrap())[1..], ["0.5000", "-", "-"]);
    }
}
