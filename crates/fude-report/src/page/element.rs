//! What pages are put together from.

use crate::ClassLabel;
use crate::svg::escape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// Letters beside a drawn character that stay on its line.
const LONGEST_UNBROKEN: usize = 8;

/// A part of the page with a heading.
pub(super) struct Section {
    /// Its name in links.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What is in it, as HTML.
    pub(super) body: String,
}

impl Section {
    pub(super) fn new(id: &'static str, title: impl Into<String>, body: String) -> Self {
        Self { id, title: title.into(), body }
    }

    pub(super) fn html(&self) -> String {
        format!("<section id=\"{}\"><h2>{}</h2>{}</section>\n", self.id, escape(&self.title), self.body)
    }
}

/// Everything before the first visible element. The policy lets nothing in that is not in the file.
pub(super) fn page_start(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src \
         'unsafe-inline'\">\n<title>{}</title>\n<style>\n{}</style></head>\n<body>\n",
        escape(title),
        include_str!("../../assets/report.css")
    )
}

/// The drawn characters of the classes, once, to be used by [`label`].
pub(super) fn symbols(labels: &[ClassLabel]) -> String {
    let mut out = String::from("<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">");
    for (class, label) in labels.iter().enumerate() {
        let Some(glyph) = label.glyph.as_ref().filter(|glyph| !glyph.strokes().is_empty()) else { continue };
        let _ = write!(out, "<symbol id=\"k{class}\" viewBox=\"0 0 1 1\"><path d=\"");
        for stroke in glyph.strokes() {
            for (index, [x, y]) in stroke.iter().enumerate() {
                let _ = write!(out, "{}{x:.3} {y:.3}", if index == 0 { 'M' } else { 'L' });
            }
        }
        out += "\"/></symbol>";
    }
    out + "</svg>\n"
}

/// A class as HTML: the drawn character, with its own as hidden text, and what else it is called.
pub(super) fn label(labels: &[ClassLabel], class: usize) -> String {
    let Some(label) = labels.get(class) else { return class.to_string() };
    let drawn = label.glyph.as_ref().is_some_and(|glyph| !glyph.strokes().is_empty());
    if !drawn {
        // A browser has more fonts than pictures have: the whole name.
        let name = escape(label.name.trim());
        return if name.is_empty() { class.to_string() } else { name };
    }
    let character: String = label.name.split_whitespace().next().unwrap_or_default().chars().take(1).collect();
    let svg = format!(
        "<svg class=\"k\" aria-hidden=\"true\"><use href=\"#k{class}\"/></svg><span class=\"vh\">{}</span>",
        escape(&character)
    );
    let rest = label.text(class);
    match rest.chars().count() {
        0 => svg,
        // A drawing and a word would be torn apart at the end of a line; long names may be.
        1..=LONGEST_UNBROKEN => format!("<span class=\"whole\">{svg} {}</span>", escape(&rest)),
        _ => format!("{svg} {}", escape(&rest)),
    }
}

/// The drawn character alone where there is one, for narrow places.
pub(super) fn short_label(labels: &[ClassLabel], class: usize) -> String {
    let drawn =
        labels.get(class).and_then(|label| label.glyph.as_ref()).is_some_and(|glyph| !glyph.strokes().is_empty());
    match (drawn, labels.get(class)) {
        (true, Some(label)) => {
            let name = escape(&label.name);
            format!(
                "<svg class=\"k\" role=\"img\" aria-label=\"{name}\"><title>{name}</title><use href=\"#k{class}\"/></svg>"
            )
        }
        _ => label(labels, class),
    }
}

/// An image in the page itself.
pub(super) fn embedded(png: &[u8], attributes: &str, description: &str) -> String {
    format!("<img {attributes} alt=\"{}\" src=\"data:image/png;base64,{}\">", escape(description), STANDARD.encode(png))
}

/// `0.8861` as `88.61 %`; nothing measured as a dash.
pub(super) fn percent(share: Option<f64>) -> String {
    share.filter(|share| share.is_finite()).map_or("–".into(), |share| format!("{:.2} %", 100.0 * share))
}

/// A loss with four decimals; nothing measured as a dash.
pub(super) fn loss(loss: Option<f64>) -> String {
    loss.filter(|loss| loss.is_finite()).map_or("–".into(), |loss| format!("{loss:.4}"))
}

/// Seconds as people say them.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0 if seconds < 0.995 => format!("{seconds:.2} s"),
        0..=9 => format!("{seconds:.1} s"),
        10..=119 => format!("{whole} s"),
        120..=7199 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A table; each row's first cell is its heading. Cells are HTML.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<div class=\"scroll\"><table class=\"rows\"><thead><tr>");
    for (column, name) in header.iter().enumerate() {
        let class = if column == 0 { " class=\"text\"" } else { "" };
        let _ = write!(out, "<th{class} scope=\"col\">{}</th>", escape(name));
    }
    out += "</tr></thead><tbody>";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let _ =
                if column == 0 { write!(out, "<th scope=\"row\">{cell}</th>") } else { write!(out, "<td>{cell}</td>") };
        }
        out += "</tr>";
    }
    out + "</tbody></table></div>"
}
