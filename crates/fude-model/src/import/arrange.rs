//! Which tensors belong together, and in which order layers come.

use super::ImportError;
use safetensors::tensor::SafeTensors;

/// A Linear layer as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linear {
    /// What its tensors' names begin with: `net.3.`, empty for a bare `weight`.
    prefix: String,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) has_bias: bool,
}

impl Linear {
    /// `net.3`.
    pub(super) fn name(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    pub(super) fn weight(&self) -> String {
        format!("{}weight", self.prefix)
    }

    pub(super) fn bias(&self) -> String {
        format!("{}bias", self.prefix)
    }
}

/// Every Linear layer, in the order of names as people count (`net.2` before `net.10`).
pub(super) fn linear_layers(tensors: &SafeTensors<'_>) -> Result<Vec<Linear>, ImportError> {
    let mut names = tensors.names();
    names.sort_unstable();
    let shape = |name: &str| tensors.tensor(name).ok().map(|view| view.shape().to_vec());
    let mut layers: Vec<Linear> = Vec::new();
    for name in &names {
        let Some(prefix) = prefix(name) else { continue };
        if let Some(&[outputs, inputs]) = shape(name).as_deref()
            && outputs.min(inputs) > 0
        {
            let has_bias = shape(&format!("{prefix}bias")).is_some();
            layers.push(Linear { prefix: prefix.to_owned(), inputs, outputs, has_bias });
        }
    }
    let described = |name: &str| format!("{name} {:?}", shape(name).unwrap_or_default());
    if layers.is_empty() {
        return Err(ImportError::NoLayers { found: listed(names.iter().map(|name| described(name))) });
    }
    let belongs = |name: &str| layers.iter().any(|layer| name == layer.weight() || name == layer.bias());
    let extra: Vec<String> = names.iter().filter(|name| !belongs(name)).map(|name| described(name)).collect();
    if !extra.is_empty() {
        return Err(ImportError::Extra { names: listed(extra.into_iter()) });
    }
    check_biases(&layers, shape)?;
    layers.sort_by_cached_key(|layer| natural(&layer.prefix));
    Ok(layers)
}

/// `net.3.` of `net.3.weight`; empty for a bare `weight`.
fn prefix(name: &str) -> Option<&str> {
    name.strip_suffix("weight").filter(|prefix| prefix.is_empty() || prefix.ends_with('.'))
}

/// Either every layer has a bias or none, each as long as its layer is wide.
fn check_biases(layers: &[Linear], shape: impl Fn(&str) -> Option<Vec<usize>>) -> Result<(), ImportError> {
    let some = layers.iter().any(|layer| layer.has_bias);
    for layer in layers.iter().filter(|_| some) {
        match shape(&layer.bias()) {
            None => return Err(ImportError::Missing { name: layer.bias(), expected: layer.outputs }),
            Some(found) if found != [layer.outputs] => {
                let (expected, found) = (format!("[{}]", layer.outputs), format!("{found:?}"));
                return Err(ImportError::Shape { name: layer.bias(), expected, found });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Up to six of many.
fn listed(items: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 6;
    let items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(SHOWN);
    let shown = items[..items.len() - more].join(", ");
    match (items.is_empty(), more) {
        (true, _) => "none".into(),
        (_, 0) => shown,
        _ => format!("{shown} and {more} more"),
    }
}

/// A piece of a name: numbers count as numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u64),
    Text(String),
}

fn natural(name: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for run in name.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let text = String::from_utf8_lossy(run).into_owned();
        pieces.push(text.parse().map_or(Piece::Text(text), Piece::Number));
    }
    pieces
}

/// The layers in the order in which they run: that of their names where it fits, else the one that their shapes allow.
pub(super) fn arrange(layers: Vec<Linear>, hidden: Option<&[usize]>) -> Result<Vec<Linear>, ImportError> {
    let Some(hidden) = hidden else {
        return match layers.windows(2).find(|pair| pair[1].inputs != pair[0].outputs) {
            None => Ok(layers),
            Some(pair) => {
                let expected = format!("[out, {}], after {}", pair[0].outputs, pair[0].weight());
                let found = format!("[{}, {}]", pair[1].outputs, pair[1].inputs);
                Err(ImportError::Shape { name: pair[1].weight(), expected, found })
            }
        };
    };
    if fits(&layers, hidden) {
        return Ok(layers);
    }
    // A chain of [in, out] weights read backwards fits too; images have more pixels than classes.
    let backwards = |layers: &[Linear]| layers.first().map(|l| l.inputs) < layers.last().map(|l| l.outputs);
    match by_shape(&layers, hidden) {
        Some(ordered) if !(backwards(&ordered) && fits(&turned(&layers), hidden)) => Ok(ordered),
        _ => Err(mismatch(&layers, hidden)),
    }
}

/// The layers, if their weights were [in, out].
fn turned(layers: &[Linear]) -> Vec<Linear> {
    layers.iter().map(|l| Linear { inputs: l.outputs, outputs: l.inputs, ..l.clone() }).collect()
}

/// Whether these layers, in this order, have these widths between them.
fn fits(layers: &[Linear], hidden: &[usize]) -> bool {
    let joints = layers.windows(2).zip(hidden);
    layers.len() == hidden.len() + 1
        && joints.into_iter().all(|(pair, &width)| pair[0].outputs == width && pair[1].inputs == width)
}

/// Layers between the first and the last have a shape that is known; what remains is last. Layers of one shape stay in
/// the order of their names.
fn by_shape(layers: &[Linear], hidden: &[usize]) -> Option<Vec<Linear>> {
    (0..layers.len()).find_map(|first| {
        let mut rest = layers.to_vec();
        let mut ordered = vec![rest.remove(first)];
        for pair in hidden.windows(2) {
            let next = rest.iter().position(|layer| (layer.inputs, layer.outputs) == (pair[0], pair[1]))?;
            ordered.push(rest.remove(next));
        }
        ordered.extend(rest);
        fits(&ordered, hidden).then_some(ordered)
    })
}

fn mismatch(layers: &[Linear], hidden: &[usize]) -> ImportError {
    let widths: Vec<String> = hidden.iter().map(usize::to_string).collect();
    let ends = |index: usize, unknown: &str| widths.get(index).cloned().unwrap_or_else(|| unknown.to_owned());
    let expected = (0..=hidden.len()).map(|index| {
        let inputs = index.checked_sub(1).map_or("in".to_owned(), |before| ends(before, "in"));
        format!("[{}, {inputs}]", ends(index, "out"))
    });
    let found = layers.iter().map(|layer| format!("{} [{}, {}]", layer.weight(), layer.outputs, layer.inputs));
    let turned = turned(layers);
    let hint = match fits(&turned, hidden) || by_shape(&turned, hidden).is_some() {
        true => ". They are [in, out]: transpose them, PyTorch's are [out, in]",
        false => "",
    };
    ImportError::Layers {
        expected: format!("{} Linear layers {}", hidden.len() + 1, listed(expected)),
        found: format!("{}: {}", layers.len(), listed(found)),
        hint,
    }
}
