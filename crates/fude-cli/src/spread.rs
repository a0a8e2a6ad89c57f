//! Figures over several runs, as a table.

use crate::table::{loss, percent, table};
use fude_record::{Spread, Summary, spreads};

/// Mean, standard deviation and 95 % interval of each figure that all of the runs have.
pub(crate) fn spread_table<'a>(summaries: impl Iterator<Item = &'a Summary> + Clone) -> String {
    let rows = spreads(summaries).into_iter().map(|(name, spread)| row(name, &spread)).collect();
    table(&["over the runs", "mean", "std. deviation", "95 % interval"], rows)
}

fn row(name: &str, spread: &Spread) -> Vec<String> {
    let figure = |value: Option<f64>| if name.ends_with("accuracy") { percent(value) } else { loss(value) };
    let interval = spread.interval.map_or("-".into(), |[low, high]| {
        format!("{} to {}", figure(Some(low)).trim_end_matches(" %"), figure(Some(high)))
    });
    vec![name.replace('_', " "), figure(Some(spread.mean)), figure(spread.deviation), interval]
}

/// What the runs have in common beside the experiment: "seeds 0, 1, 2", "folds 0 to 7 of 8".
pub(crate) fn what_varies(summaries: &[&Summary]) -> String {
    let folds: Vec<u32> = summaries.iter().filter_map(|s| s.fold).collect();
    if let (Some(count), true) = (summaries.first().and_then(|s| s.folds), folds.len() == summaries.len()) {
        return if folds.len() == count as usize {
            format!("{count} folds")
        } else {
            format!("{} of {count} folds", folds.len())
        };
    }
    format!("{} seeds", summaries.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_are_percentages_and_losses_are_not() {
        let spread = Spread::of(&[0.88, 0.90]).unwrap();
        assert_eq!(row("test_accuracy", &spread), ["test accuracy", "89.00 %", "1.41 %", "76.29 to 101.71 %"]);
        assert_eq!(row("test_loss", &spread)[1..3], ["0.8900", "0.0141"]);
        assert_eq!(row("test_loss", &Spread::of(&[0.5]).unwrap())[1..], ["0.5000", "-", "-"]);
    }
}
