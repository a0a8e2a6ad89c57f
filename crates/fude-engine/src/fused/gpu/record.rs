//! Uniform structs, written by the names that their members have in WGSL.

use fude_kernels::reflect::Struct;

/// A struct's bytes, as 32-bit words.
pub(super) struct Record<'a> {
    layout: &'a Struct,
    words: &'a mut [u32],
}

impl<'a> Record<'a> {
    /// A struct in `words`.
    pub(super) fn new(layout: &'a Struct, words: &'a mut [u32]) -> Self {
        assert!(words.len() * 4 >= layout.bytes as usize, "too few words for the struct");
        Self { layout, words }
    }

    /// Sets a number.
    pub(super) fn set(&mut self, member: &str, value: usize) -> &mut Self {
        *self.word(member) = u32::try_from(value).unwrap_or(u32::MAX);
        self
    }

    /// Sets a float.
    pub(super) fn set_float(&mut self, member: &str, value: f32) -> &mut Self {
        *self.word(member) = value.to_bits();
        self
    }

    /// Element `index` of a member that is an array of structs.
    pub(super) fn element<'b>(&'b mut self, member: &str, index: usize, layout: &'b Struct) -> Record<'b> {
        let place = self.layout.members[member];
        let start = (place.offset as usize + index * place.stride as usize) / 4;
        Record { layout, words: &mut self.words[start..start + layout.bytes as usize / 4] }
    }

    fn word(&mut self, member: &str) -> &mut u32 {
        let place = self.layout.members[member];
        &mut self.words[place.offset as usize / 4]
    }
}

/// Words as bytes, in the order that every GPU reads.
pub(super) fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Floats as bytes.
pub(super) fn bytes_of_floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Bytes as words; what is left over of the last word is dropped.
pub(super) fn words_of(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Bytes as floats.
pub(super) fn floats_of(bytes: &[u8]) -> Vec<f32> {
    words_of(bytes).into_iter().map(f32::from_bits).collect()
}
