//! What a file that is no safetensors file seems to be, for whoever gave it in place of a model.

/// What the bytes look like, and what to give instead; none where they look like nothing in particular.
pub(crate) fn seems_to_be(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 9] = [
        (b"FUDECKPT", "a checkpoint of fude; give its run's folder, or go on with it: `fude train --resume RUN`"),
        (b"PK\x03\x04", "a zip archive, as torch.save writes; write it with safetensors.torch.save_file instead"),
        (b"\x80\x02", "a pickle of Python's; write it with safetensors.torch.save_file instead"),
        (b"\x80\x04", "a pickle of Python's; write it with safetensors.torch.save_file instead"),
        (b"\x89HDF", "an HDF5 file, as Keras writes; write its weights as safetensors instead"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"\x1f\x8b", "a gzip file; unpack it first"),
        (b"\x93NUMPY", "an array of NumPy's; write its weights as safetensors instead"),
    ];
    if bytes.is_empty() {
        return Some("an empty file");
    }
    let start = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what);
    start.or(onnx(bytes)).or_else(|| text(bytes))
}

/// A protocol buffer whose first field is ONNX's `ir_version` and whose next is another of a model's.
fn onnx(bytes: &[u8]) -> Option<&'static str> {
    let [0x08, 1..=30, 0x12 | 0x1a | 0x22 | 0x2a | 0x32 | 0x3a | 0x42, ..] = bytes else { return None };
    Some(
        "an ONNX file, which fude writes and does not read; give the run or the safetensors file that it was made from",
    )
}

fn text(bytes: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let has_key = |key: &str| text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == key));
    Some(if has_key("dataset") {
        "an experiment file; `fude train` makes a model of it, which goes by the experiment's name"
    } else {
        "a text file"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MlpConfig, ModelFile, initialise};

    #[test]
    fn what_is_often_given_for_a_model_is_recognised() {
        let config = MlpConfig { inputs: 4, hidden: vec![2], outputs: 2, ..Default::default() };
        let model = ModelFile { parameters: initialise(&config, 0), config, metadata: Default::default() };
        let seems = |bytes: &[u8]| seems_to_be(bytes).unwrap_or("nothing").split([',', ';']).next().unwrap_or_default();
        assert_eq!(seems(&model.to_onnx().unwrap()), "an ONNX file");
        assert_eq!(seems(b"name = \"x\"\ndataset = \"kana\"\n"), "an experiment file");
        assert_eq!(seems("ことば".as_bytes()), "a text file");
        assert_eq!(seems(b"FUDECKPT\x01\0\0\0"), "a checkpoint of fude");
        assert_eq!(seems(b"PK\x03\x04rest"), "a zip archive");
        assert_eq!(seems(b""), "an empty file");
        assert_eq!(seems(&[0, 1, 2, 3]), "nothing");
        assert_eq!(seems(&model.to_bytes().unwrap()), "nothing");
    }
}
