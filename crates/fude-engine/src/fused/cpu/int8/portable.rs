//! Sums of 8 outputs in plain Rust, which the compiler turns into whatever vectors there are.

use super::dots::Dots;

/// 8 sums.
#[derive(Clone, Copy)]
pub(super) struct Portable([i32; 8]);

impl Dots for Portable {
    const GROUP: usize = 2;
    const N: usize = 8;
    const ROWS: usize = 4;
    /// The even inputs' weights, then the odd ones'.
    type Weights = [[i16; 8]; 2];

    #[inline(always)]
    fn zero() -> Self {
        Self([0; 8])
    }

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> [[i16; 8]; 2] {
        // SAFETY: the caller's promise; bytes have no alignment.
        let bytes = unsafe { &*from.cast::<[i8; 16]>() };
        [0, 1].map(|half| std::array::from_fn(|lane| i16::from(bytes[2 * lane + half])))
    }

    #[inline(always)]
    fn add(mut self, inputs: u32, weights: [[i16; 8]; 2]) -> Self {
        // As 16-bit words, in which bytes fit: products of those need no 32-bit multiplication, which SSE2 lacks.
        let (even, odd) = (i32::from(inputs as u16 as i16), i32::from((inputs >> 16) as u16 as i16));
        for (lane, sum) in self.0.iter_mut().enumerate() {
            *sum += even * i32::from(weights[0][lane]) + odd * i32::from(weights[1][lane]);
        }
        self
    }

    #[inline(always)]
    unsafe fn finish(self, offset: *const i32, scale: *const f32, bias: *const f32, output: *mut f32) {
        for lane in 0..8 {
            // SAFETY: the caller's promise. Wrapping, as vectors do: the difference itself is in range.
            unsafe {
                let sum = self.0[lane].wrapping_sub(*offset.add(lane)) as f32;
                *output.add(lane) = sum * *scale.add(lane) + *bias.add(lane);
            }
        }
    }
}
