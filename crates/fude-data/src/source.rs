//! Bytes on their way in: decompressed where they are gzip, counted, and never more than a header has promised.

use crate::DataError;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// The first two bytes of a gzip member (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The most bytes that an array may have: 2 GiB, ten times the largest set of the MNIST family (K49).
pub(crate) const MAX_BYTES: u64 = 1 << 31;

/// The content of one file, raw or gzip alike.
pub(crate) struct Source<'a> {
    path: &'a Path,
    content: Box<dyn Read + 'a>,
    /// Bytes that the file itself has: what may be reserved without having seen more.
    stored: u64,
    taken: u64,
}

impl<'a> Source<'a> {
    /// The content of the file at `path`.
    pub(crate) fn open(path: &'a Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::io(path))?;
        let stored = file.metadata().map_err(DataError::io(path))?.len();
        Self::detect(path, BufReader::with_capacity(1 << 16, file), stored)
    }

    /// The content of a file that has been read already; `path` is for messages.
    pub(crate) fn of(bytes: &'a [u8], path: &'a Path) -> Result<Self, DataError> {
        Self::detect(path, bytes, bytes.len() as u64)
    }

    /// Content that something else decompresses from `stored` bytes.
    pub(crate) fn new(path: &'a Path, content: impl Read + 'a, stored: u64) -> Self {
        Self { path, content: Box::new(content), stored, taken: 0 }
    }

    /// By the first bytes, not by the name: downloads often carry the wrong one.
    fn detect(path: &'a Path, mut reader: impl BufRead + 'a, stored: u64) -> Result<Self, DataError> {
        let gzip = reader.fill_buf().map_err(DataError::io(path))?.starts_with(&GZIP);
        Ok(if gzip { Self::new(path, MultiGzDecoder::new(reader), stored) } else { Self::new(path, reader, stored) })
    }

    /// Where it comes from.
    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    /// The next `expected` bytes.
    pub(crate) fn take(&mut self, expected: u64) -> Result<Vec<u8>, DataError> {
        let bytes = fill(&mut self.content, expected, self.stored).map_err(DataError::reading(self.path))?;
        let found = self.taken + bytes.len() as u64;
        self.taken += expected;
        if found == self.taken {
            return Ok(bytes);
        }
        Err(DataError::Truncated { path: self.path.to_owned(), expected: self.taken, found })
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DataError> {
        let bytes = self.take(N as u64)?;
        let mut array = [0; N];
        array.copy_from_slice(&bytes);
        Ok(array)
    }

    /// The next big-endian word.
    pub(crate) fn word(&mut self) -> Result<u32, DataError> {
        self.array().map(u32::from_be_bytes)
    }

    /// The last `expected` bytes. Reading past them also has the archive compare its own checksum.
    pub(crate) fn rest(mut self, expected: u64) -> Result<Vec<u8>, DataError> {
        let bytes = self.take(expected)?;
        let beyond = fill(&mut self.content, 1, 1).map_err(DataError::reading(self.path))?;
        if beyond.is_empty() {
            return Ok(bytes);
        }
        Err(DataError::Oversized { path: self.path.to_owned(), expected: self.taken })
    }

    /// Hands the whole content to `each`, piece by piece.
    pub(crate) fn for_each_piece(mut self, mut each: impl FnMut(&[u8])) -> Result<(), DataError> {
        let mut piece = vec![0; 1 << 16];
        loop {
            match self.content.read(&mut piece).map_err(DataError::reading(self.path))? {
                0 => return Ok(()),
                n => each(&piece[..n]),
            }
        }
    }
}

/// Up to `expected` bytes. Reserves no more than the `stored` bytes of the file; beyond that, memory grows with what
/// has really come out of it, so that neither a header nor a few bytes of gzip can ask for gigabytes.
fn fill(reader: &mut impl Read, expected: u64, stored: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected.min(stored) as usize);
    match reader.take(expected).read_to_end(&mut bytes) {
        // A gzip stream that was cut off: what has come is as far as it goes.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(bytes),
        Err(error) => Err(error),
        Ok(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_with_the_content_and_not_with_the_promise() {
        let bytes = fill(&mut &[7u8; 1000][..], MAX_BYTES, 1000).unwrap();
        assert_eq!(bytes.len(), 1000);
        assert!(bytes.capacity() <= 2048, "capacity {} for 1000 bytes", bytes.capacity());
    }

    #[test]
    fn a_bomb_stops_at_the_promised_size() {
        let mut endless = io::repeat(0);
        let bytes = fill(&mut endless, 100_000, 50).unwrap();
        assert_eq!(bytes.len(), 100_000);
        assert!(bytes.capacity() < 300_000, "capacity {}", bytes.capacity());
    }
}
