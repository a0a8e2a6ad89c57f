//! Matrices for NumPy: the npy format, version 1.0.

/// The bytes of an npy file with a matrix of f32, `values: [rows, columns]` row by row.
pub fn npy_matrix(values: &[f32], columns: usize) -> Vec<u8> {
    let rows = values.len() / columns.max(1);
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // Magic, version and length are 10 bytes; the values then begin on a multiple of 64, as NumPy likes it.
    let padded = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.extend(std::iter::repeat_n(' ', padded - 1 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_begin_where_numpy_looks_for_them() {
        let bytes = npy_matrix(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3);
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + length) % 64, 0);
        let header = std::str::from_utf8(&bytes[10..10 + length]).unwrap();
        assert!(header.contains("'<f4'") && header.contains("(2, 3)") && header.ends_with('\n'), "{header}");
        assert_eq!(bytes[10 + length + 4..][..4], 2f32.to_le_bytes());
        assert_eq!(bytes.len(), 10 + length + 24);
    }
}
