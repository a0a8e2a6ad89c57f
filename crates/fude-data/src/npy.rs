//! The header of NumPy's npy format, as far as image sets need it.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use crate::DataError;
use crate::source::Source;
use std::path::Path;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// NumPy pads a header to a few hundred bytes; one of 64 KiB is hostile.
const MAX_HEADER: usize = 1 << 16;

/// Type and shape of an array, C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Byte order, kind and size, such as `|u1` or `<i8`.
    pub(crate) descr: String,
    /// Lengths of its axes.
    pub(crate) shape: Vec<usize>,
}

/// Takes magic, version and header off the source; the array's bytes come next.
pub(crate) fn read_header(source: &mut Source<'_>) -> Result<Header, DataError> {
    let magic: [u8; 6] = source.array()?;
    if magic != *MAGIC {
        let found = format!("'{}'", magic.escape_ascii());
        return Err(DataError::BadMagic { path: source.path().to_owned(), expected: r"'\x93NUMPY'".to_owned(), found });
    }
    let length = header_length(source)?;
    let text = source.take(length as u64)?;
    parse(&String::from_utf8_lossy(&text), source.path())
}

/// Two bytes in version 1, four in versions 2 and 3.
fn header_length(source: &mut Source<'_>) -> Result<usize, DataError> {
    let [major, minor] = source.array()?;
    let length = match major {
        1 => usize::from(u16::from_le_bytes(source.array()?)),
        2 | 3 => u32::from_le_bytes(source.array()?) as usize,
        _ => return Err(bad(source.path(), "npy version 1.0, 2.0 or 3.0", &format!("{major}.{minor}"))),
    };
    if length <= MAX_HEADER {
        return Ok(length);
    }
    Err(bad(source.path(), &format!("an npy header of at most {MAX_HEADER} bytes"), &format!("{length}")))
}

/// The header is a Python dictionary: `{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }`.
fn parse(text: &str, path: &Path) -> Result<Header, DataError> {
    let expected = "an npy header with descr, fortran_order False and shape";
    let header = || {
        let descr = quoted(value(text, "descr")?)?;
        let shape = tuple(value(text, "shape")?)?;
        value(text, "fortran_order")?.starts_with("False").then_some(Header { descr, shape })
    };
    header().ok_or_else(|| bad(path, expected, &text.trim().chars().take(200).collect::<String>()))
}

/// What follows `'key':`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("'{key}'"))?;
    after.trim_start().strip_prefix(':').map(str::trim_start)
}

fn quoted(text: &str) -> Option<String> {
    let (inside, _) = text.strip_prefix('\'')?.split_once('\'')?;
    Some(inside.to_owned())
}

/// `(8000, 28, 28)` or `(8000,)`.
fn tuple(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let axes = inside.split(',').map(str::trim).filter(|axis| !axis.is_empty());
    axes.map(|axis| axis.parse().ok()).collect()
}

/// An array that is not what fude reads.
pub(crate) fn bad(path: &Path, expected: &str, found: &str) -> DataError {
    DataError::BadShape { path: path.to_owned(), expected: expected.to_owned(), found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_in_any_key_order() {
        let path = Path::new("a.npz");
        let header = parse("{'shape': (3,), 'fortran_order': False, 'descr': '<i8'}  \n", path).unwrap();
        assert_eq!(header, Header { descr: "<i8".to_owned(), shape: vec![3] });
        for broken in ["", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}", "{'descr': '"]
        {
            assert!(parse(broken, path).is_err(), "{broken}");
        }
    }
}
