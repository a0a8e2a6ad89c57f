//! Tables on a terminal, and how figures are written.

use comfy_table::{Cell, CellAlignment, Table, TableStyle};

/// A table with a header; all columns but the first are right-aligned.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
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
