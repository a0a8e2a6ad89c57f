//! TFRecord: each record between its length and a checksum of either.
//!
//! `length: u64, masked CRC-32C of length: u32, data, masked CRC-32C of data: u32`, little-endian.

/// Castagnoli's polynomial, bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// Added to rotated checksums, so that the checksum of data with checksums in it is none of them (`crc32c.h`).
const MASK: u32 = 0xa282_ead8;

/// A record with its frame.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(data.len() + 16);
    bytes.extend(length);
    bytes.extend(masked(&length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked(data).to_le_bytes());
    bytes
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

/// Bit by bit: an event has some hundred bytes, a picture's hundred thousand take a millisecond.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

/// The records of a file; none where a frame is wrong.
#[cfg(test)]
pub(super) fn unframed(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?) as usize;
        let data = bytes.get(12..12 + length)?;
        (framed(data) == bytes[..length + 16]).then_some(())?;
        records.push(data);
        bytes = &bytes[length + 16..];
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, B.4, and the usual check value.
    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn records_come_back_and_damaged_ones_do_not() {
        let bytes = [framed(b"one"), framed(b""), framed(b"three")].concat();
        assert_eq!(unframed(&bytes), Some(vec![&b"one"[..], b"", b"three"]));
        let mut damaged = bytes;
        damaged[13] ^= 1;
        assert_eq!(unframed(&damaged), None);
    }
}
