//! Philox, sixteen blocks at a time.

use fude_random::Stream;

/// Blocks at a time: two AVX-512 registers of 64-bit products for each of the four words.
const BLOCKS: usize = 16;
/// Words of that many blocks.
pub(super) const WORDS: usize = 4 * BLOCKS;

/// What words are drawn for: all of the counter but its last word, which counts blocks.
#[derive(Clone, Copy)]
pub(super) struct Draw {
    pub(super) seed: u32,
    pub(super) stream: Stream,
    pub(super) counter: [u32; 3],
}

impl Draw {
    /// The words of blocks `first..first + BLOCKS`, as `Stream::block` gives them one by one.
    ///
    /// Each word lies in the low half of 64 bits: then a 32 x 32-bit product is one instruction a vector.
    #[inline(always)]
    pub(super) fn words(self, first: usize) -> [u32; WORDS] {
        const LOW: u64 = 0xFFFF_FFFF;
        let [mut a, mut b, mut c] = self.counter.map(|word| [u64::from(word); BLOCKS]);
        let mut d: [u64; BLOCKS] = std::array::from_fn(|block| (first + block) as u64 & LOW);
        let mut key = [self.seed, self.stream as u32];
        for _ in 0..10 {
            for i in 0..BLOCKS {
                let left = (a[i] & LOW) * 0xD251_1F53;
                let right = (c[i] & LOW) * 0xCD9E_8D57;
                a[i] = (right >> 32) ^ b[i] ^ u64::from(key[0]);
                b[i] = right & LOW;
                c[i] = (left >> 32) ^ d[i] ^ u64::from(key[1]);
                d[i] = left & LOW;
            }
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        let mut words = [0; WORDS];
        for i in 0..BLOCKS {
            words[4 * i] = a[i] as u32;
            words[4 * i + 1] = b[i] as u32;
            words[4 * i + 2] = c[i] as u32;
            words[4 * i + 3] = d[i] as u32;
        }
        words
    }
}
