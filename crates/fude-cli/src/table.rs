//! Tables on a terminal, and how figures are written.

use crate::ui::columns;
use comfy_table::{Cell, CellAlignment, Table, TableStyle};
use console::{Term, measure_text_width};
use indicatif::HumanCount;

/// A table with a header, all columns but the first right-aligned; on a terminal too narrow for it, a paragraph a row.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    fitted(header, rows, columns(&Term::stdout()))
}

/// [`table`], which on a narrow terminal first does without these columns, the first of them first, and says so below.
pub(crate) fn table_without(header: &[&str], rows: Vec<Vec<String>>, spare: &[&str]) -> String {
    fitted_without(header, rows, spare, columns(&Term::stdout()))
}

/// [`table`], which on a narrow terminal first cuts long cells short.
pub(crate) fn table_cut_short(header: &[&str], rows: Vec<Vec<String>>) -> String {
    fitted_cut_short(header, rows, columns(&Term::stdout()))
}

fn fitted(header: &[&str], rows: Vec<Vec<String>>, columns: Option<usize>) -> String {
    let paragraphs = paragraphs(header, &rows);
    let text = grid(header, rows);
    if fits(&text, columns) { text } else { paragraphs }
}

fn fitted_without(header: &[&str], rows: Vec<Vec<String>>, spare: &[&str], columns: Option<usize>) -> String {
    for left_out in 0..=spare.len() {
        let kept: Vec<usize> = (0..header.len()).filter(|&index| !spare[..left_out].contains(&header[index])).collect();
        let of = |row: &Vec<String>| kept.iter().map(|&index| row[index].clone()).collect::<Vec<_>>();
        let names: Vec<&str> = kept.iter().map(|&index| header[index]).collect();
        let text = grid(&names, rows.iter().map(of).collect());
        if fits(&text, columns) {
            let absent: Vec<&str> = spare[..left_out].iter().copied().filter(|name| header.contains(name)).collect();
            let note = format!("\n(too narrow for {}; --json has all)", absent.join(", "));
            return if absent.is_empty() { text } else { text + &note };
        }
    }
    paragraphs(header, &rows)
}

/// Characters of a cell that is cut short.
const SHORT: usize = 24;

fn fitted_cut_short(header: &[&str], rows: Vec<Vec<String>>, columns: Option<usize>) -> String {
    let whole = fitted(header, rows.clone(), columns);
    let cut = |cell: &String| console::truncate_str(cell, SHORT, "…").into_owned();
    let short = grid(header, rows.iter().map(|row| row.iter().map(cut).collect()).collect());
    if fits(&grid(header, rows), columns) || !fits(&short, columns) { whole } else { short }
}

fn fits(text: &str, columns: Option<usize>) -> bool {
    columns.is_none_or(|columns| text.lines().all(|line| measure_text_width(line) <= columns))
}

/// A line a cell: its header and its text.
fn paragraphs(header: &[&str], rows: &[Vec<String>]) -> String {
    let longest = header.iter().map(|name| measure_text_width(name)).max().unwrap_or(0);
    let line = |(name, cell): (&&str, &String)| {
        let gap = " ".repeat(longest - measure_text_width(name));
        format!("{name}{gap}  {cell}").trim_end().to_owned()
    };
    let paragraph = |row: &Vec<String>| header.iter().zip(row).map(line).collect::<Vec<_>>().join("\n");
    rows.iter().map(paragraph).collect::<Vec<_>>().join("\n\n")
}

fn grid(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header.to_vec());
    for row in rows {
        table.add_row(row.into_iter().map(Cell::new).collect::<Vec<_>>());
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((u16::from(index > 0), 1));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// `0.8861` as `88.61 %`; nothing measured as `-`.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.2} %", 100.0 * share))
}

/// A loss with four decimals; nothing measured as `-`.
pub(crate) fn loss(loss: Option<f64>) -> String {
    loss.map_or("-".into(), |loss| format!("{loss:.4}"))
}

/// Seconds as people say them.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..=9 => format!("{seconds:.1} s"),
        10..=119 => format!("{whole} s"),
        120..=7199 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// 12000 as `12,000`.
pub(crate) fn count(n: usize) -> String {
    HumanCount(n as u64).to_string()
}

/// `1 epoch`, `20 epochs`.
pub(crate) fn many(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Bytes as people say them.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} B"),
        1024..=1_048_575 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        1_048_576..=1_073_741_823 => format!("{:.0} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_too_wide_for_the_terminal_becomes_a_paragraph_a_row() {
        let rows = || vec![vec!["e1-l2".to_owned(), "88.61 %".to_owned()], vec!["お".to_owned(), "-".to_owned()]];
        let header = ["experiment", "test accuracy"];
        let wide = "experiment  test accuracy\ne1-l2             88.61 %\nお                      -";
        assert_eq!(fitted(&header, rows(), None), wide);
        assert_eq!(fitted(&header, rows(), Some(25)), wide);
        let narrow = "experiment     e1-l2\ntest accuracy  88.61 %\n\nexperiment     お\ntest accuracy  -";
        assert_eq!(fitted(&header, rows(), Some(24)), narrow);
    }

    #[test]
    fn a_narrow_table_does_without_spare_columns_and_says_so() {
        let header = ["experiment", "accuracy", "loss", "epochs"];
        let rows = || vec![["e1-l2", "88.61 %", "0.3", "20"].map(str::to_owned).to_vec()];
        let narrowed = |columns| fitted_without(&header, rows(), &["loss", "epochs"], Some(columns));
        assert_eq!(narrowed(34), "experiment  accuracy  loss  epochs\ne1-l2        88.61 %   0.3      20");
        let without =
            "experiment  accuracy  epochs\ne1-l2        88.61 %      20\n(too narrow for loss; --json has all)";
        assert_eq!(narrowed(33), without);
        assert!(narrowed(20).ends_with("(too narrow for loss, epochs; --json has all)"), "{}", narrowed(20));
        assert!(narrowed(19).starts_with("experiment  e1-l2\n"), "{}", narrowed(19));
    }

    #[test]
    fn a_long_cell_is_cut_short_where_the_table_then_fits() {
        let rows = || vec![vec!["distill.teachers".to_owned(), "a".repeat(100)]];
        let cut = |columns| fitted_cut_short(&["differs in", "A"], rows(), columns);
        assert!(cut(None).ends_with(&"a".repeat(100)));
        assert!(cut(Some(80)).ends_with(&format!(" {}…", "a".repeat(SHORT - 1))), "{}", cut(Some(80)));
        assert!(cut(Some(30)).contains(&"a".repeat(100)), "a paragraph has it whole");
    }

    #[test]
    fn figures_are_written_as_people_read_them() {
        assert_eq!(percent(Some(0.88614)), "88.61 %");
        assert_eq!((percent(None), loss(Some(0.70112))), ("-".into(), "0.7011".into()));
        assert_eq!(
            (duration(0.25), duration(75.4), duration(150.0)),
            ("0.2 s".into(), "75 s".into(), "2 min 30 s".into())
        );
        assert_eq!(bytes(47_040_000), "45 MiB");
    }
}
