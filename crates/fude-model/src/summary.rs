//! The layer table that `fude summary` prints.

use crate::{MlpConfig, Normalization};
use std::fmt::Write;

/// A table of the layers with output shapes and parameter counts, and the totals.
pub fn summary_table(config: &MlpConfig) -> String {
    let layout = config.layout();
    let mut table = format!("{:<22} {:<14} {:>12}\n", "layer", "output shape", "parameters");
    let mut row = |name: &str, width: usize, parameters: String| {
        let shape = format!("[B, {width}]");
        let _ = writeln!(table, "{}", format!("{name:<22} {shape:<14} {parameters:>12}").trim_end());
    };
    for (index, layer) in layout.layers.iter().enumerate() {
        let name = format!("{} Linear({}, {})", layer.name, layer.inputs, layer.outputs);
        row(&name, layer.outputs, grouped(layer.parameters()));
        if index + 1 < layout.layers.len() {
            if config.normalization != Normalization::None {
                row(&format!("    {} normalisation", config.normalization.name()), layer.outputs, String::new());
            }
            row(&format!("    {}", config.activation.name()), layer.outputs, String::new());
            if config.dropout > 0.0 {
                row(&format!("    dropout {}", config.dropout), layer.outputs, String::new());
            }
            if config.adds_input(index) {
                row(&format!("    + input of {}", layer.name), layer.outputs, String::new());
            }
        }
    }
    let total = layout.parameters();
    let kib = total as f64 * 4.0 / 1024.0;
    let mflop = config.training_flops_per_sample() / 1e6;
    let _ = writeln!(table, "{:<22} {:<14} {:>12}", "total", config.shape(), grouped(total));
    let _ = write!(table, "{kib:.0} KiB as f32, {mflop:.2} MFLOP to train on one image");
    table
}

/// A count with thousands separated by commas.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_each_layer_and_the_total() {
        let table = summary_table(&MlpConfig { hidden: vec![256, 128, 64], dropout: 0.2, ..Default::default() });
        for expected in ["fc1 Linear(784, 256)", "200,960", "32,896", "8,256", "650", "242,762", "784-256-128-64-10"] {
            assert!(table.contains(expected), "{expected} is missing in\n{table}");
        }
    }

    #[test]
    fn residual_connections_stand_where_they_are() {
        let table = summary_table(&MlpConfig { hidden: vec![32, 32, 16], residual: true, ..Default::default() });
        assert!(table.contains("    + input of fc2"), "{table}");
        assert_eq!(table.matches("+ input").count(), 1, "{table}");
    }
}
