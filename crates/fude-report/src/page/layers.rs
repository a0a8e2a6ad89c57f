//! How each layer fared, where `eval.layers` measured it.

use super::element::{Section, percent, table};
use crate::svg::escape;
use fude_record::{EpochRecord, LayerRecord};

/// The layers after the last epoch; nothing where they were not measured.
pub(super) fn section(records: &[EpochRecord]) -> Option<Section> {
    let last = records.iter().rev().find(|record| !record.layers.is_empty())?;
    let header = ["layer", "norm of weights", "changed in the epoch", "share", "norm of gradient", "dead units"];
    let rows: Vec<Vec<String>> = last.layers.iter().map(row).collect();
    let note = format!(
        "<p class=\"note\">After epoch {}. Norms are Euclidean, weights and biases together; the gradient is Adam's running \
         mean. The share is that of the change in the weights. A unit is dead that is 0 for each of 500 training \
         images.</p>",
        last.epoch
    );
    Some(Section::new("layers", "Layers", note + &table(&header, &rows)))
}

fn row(layer: &LayerRecord) -> Vec<String> {
    let share = layer.update_norm.map(|update| update / layer.weight_norm);
    vec![
        escape(&layer.layer),
        norm(Some(layer.weight_norm)),
        norm(layer.update_norm),
        percent(share),
        norm(layer.gradient_norm),
        percent(layer.dead_units),
    ]
}

fn norm(norm: Option<f64>) -> String {
    norm.filter(|norm| norm.is_finite()).map_or("–".into(), crate::axis::significant)
}
