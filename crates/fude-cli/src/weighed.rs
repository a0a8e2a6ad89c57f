//! Weighed models as the rows of a table.

use crate::spread::mean_and_spread;
use fude_bench::Weighed;

/// The columns.
pub(crate) const HEADER: [&str; 8] =
    ["model", "runs", "test accuracy", "bytes", "after gzip", "parameters not 0", "one image", "image of a batch"];

/// A row a name, in the order of their first models: means over its models.
pub(crate) fn rows(weighed: &[Weighed]) -> Vec<Vec<String>> {
    let mut names: Vec<&str> = Vec::new();
    for one in weighed {
        if !names.contains(&one.name.as_str()) {
            names.push(&one.name);
        }
    }
    let row = |name: &&str| row(&weighed.iter().filter(|one| one.name == *name).collect::<Vec<_>>());
    names.iter().map(row).collect()
}

fn row(group: &[&Weighed]) -> Vec<String> {
    let of = |value: fn(&Weighed) -> f64| group.iter().map(|one| value(one)).collect::<Vec<f64>>();
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let micros = |values: Vec<f64>| format!("{:.1} µs", 1e6 * mean(values));
    let first = group[0];
    vec![
        format!("{}, {}", first.name, first.model),
        group.len().to_string(),
        mean_and_spread(&of(|one| one.accuracy)),
        kilobytes(mean(of(|one| one.bytes as f64))),
        kilobytes(mean(of(|one| one.gzip_bytes as f64))),
        format!("{:.0} of {}", mean(of(|one| one.nonzero as f64)), first.parameters),
        micros(of(|one| one.image_seconds)),
        micros(of(|one| one.batch_seconds)),
    ]
}

fn kilobytes(bytes: f64) -> String {
    format!("{:.1} kB", bytes / 1000.0)
}

/// The same as Markdown; `brief` leaves model, accuracy and bytes.
pub(crate) fn markdown(weighed: &[Weighed], brief: bool) -> String {
    let columns: Vec<usize> = if brief { vec![0, 2, 3, 4] } else { (0..HEADER.len()).collect() };
    let line = |cells: Vec<&str>| format!("| {} |", cells.join(" | "));
    let header = line(columns.iter().map(|&column| HEADER[column]).collect());
    let rule = line(columns.iter().map(|&column| if column == 0 { "---" } else { "---:" }).collect()).replace(' ', "");
    let rows = rows(weighed);
    let rows = rows.iter().map(|row| line(columns.iter().map(|&column| row[column].as_str()).collect()));
    [header, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(name: &str, seed: u32, accuracy: f64) -> Weighed {
        Weighed {
            name: name.into(),
            seed: Some(seed),
            model: "784-128-10".into(),
            dataset: "kana".into(),
            samples: 100,
            accuracy,
            loss: 0.1,
            bytes: 407_500,
            gzip_bytes: 301_249,
            parameters: 101_770,
            nonzero: 50_000,
            image_seconds: 5.04e-6,
            batch: 256,
            batch_seconds: 1.24e-6,
            device: "a processor".into(),
            engine: "fused".into(),
            version: "0.1.0".into(),
        }
    }

    #[test]
    fn a_row_is_a_name_over_its_seeds() {
        let all = [weighed("b", 0, 0.88), weighed("a", 0, 0.5), weighed("b", 1, 0.90)];
        let expected = "\
| model | runs | test accuracy | bytes | after gzip | parameters not 0 | one image | image of a batch |
|---|---:|---:|---:|---:|---:|---:|---:|
| b, 784-128-10 | 2 | 89.00 ± 1.41 % | 407.5 kB | 301.2 kB | 50000 of 101770 | 5.0 µs | 1.2 µs |
| a, 784-128-10 | 1 | 50.00 % | 407.5 kB | 301.2 kB | 50000 of 101770 | 5.0 µs | 1.2 µs |";
        assert_eq!(markdown(&all, false), expected);
        let brief = markdown(&all, true);
        assert!(brief.contains("| b, 784-128-10 | 89.00 ± 1.41 % | 407.5 kB | 301.2 kB |"), "{brief}");
    }
}
