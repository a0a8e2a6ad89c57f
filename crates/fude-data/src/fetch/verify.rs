//! Whether a packed file holds the expected content.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};

use super::{FetchError, RemoteFile};

const CHUNK: usize = 64 * 1024;

/// What is wrong with the file at `path`: none means that its unpacked content has the right MD5.
///
/// Unpacks into a buffer of fixed size and stops one byte after the expected end, so a gzip bomb costs nothing.
pub(super) fn mismatch(path: &Path, file: &RemoteFile) -> Result<Option<String>, FetchError> {
    let packed = File::open(path).map_err(FetchError::disk(path, "open"))?;
    let unpacked = MultiGzDecoder::new(BufReader::with_capacity(CHUNK, packed)).take(file.raw_bytes + 1);
    match sum(unpacked) {
        Ok((bytes, _)) if bytes > file.raw_bytes => Ok(Some(format!("unpacks to more than {} bytes", file.raw_bytes))),
        Ok((bytes, _)) if bytes < file.raw_bytes => {
            Ok(Some(format!("unpacks to {bytes} bytes, expected {}", file.raw_bytes)))
        }
        Ok((_, md5)) if md5 != file.raw_md5 => {
            Ok(Some(format!("MD5 of the unpacked content: expected {}, found {md5}", file.raw_md5)))
        }
        Ok(_) => Ok(None),
        Err(error) if spoilt(&error) => Ok(Some(format!("not a whole gzip file: {error}"))),
        Err(error) => Err(FetchError::disk(path, "read")(error)),
    }
}

/// How many bytes there are, and their MD5 in hexadecimal.
fn sum(mut content: impl Read) -> io::Result<(u64, String)> {
    let (mut md5, mut bytes, mut buffer) = (Md5::new(), 0, vec![0; CHUNK]);
    loop {
        let n = content.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        md5.update(&buffer[..n]);
        bytes += n as u64;
    }
    Ok((bytes, md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Whether the content is at fault, not the disk: the kinds that the gzip decoder raises.
fn spoilt(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}
